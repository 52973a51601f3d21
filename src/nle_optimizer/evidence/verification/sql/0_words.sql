-- Stage 0. What several stages use: how texts are compared, how fractions are rounded, where findings are collected.

-- Texts are compared without case where the rules say so; what a text means stands in the relation `words`.
CREATE MACRO folded(t) AS (SELECT w.folded FROM words AS w WHERE w.word = t);
CREATE MACRO number_of(t) AS (SELECT w.number FROM words AS w WHERE w.word = t);
CREATE MACRO day_of(t) AS (SELECT w.day FROM words AS w WHERE w.word = t);
CREATE MACRO folded_all(ts) AS (SELECT list(w.folded) FROM words AS w WHERE list_contains(ts, w.word));

-- a / b as a whole number, halves up; neither is negative. // cuts, and every overflow is an error in DuckDB.
CREATE MACRO half_up(a, b) AS (2 * a + b) // (2 * b);
-- The same where a may be negative: // cuts towards nought, so that the quotient is mended by its remainder.
CREATE MACRO half_up_signed(a, b) AS
    (2 * a + b) // (2 * b) - CASE WHEN (2 * a + b) % (2 * b) < 0 THEN 1 ELSE 0 END;
-- a / b as a whole number, halves to the even one; neither is negative.
CREATE MACRO to_even(a, b) AS
    a // b + CASE WHEN 2 * (a % b) > b OR 2 * (a % b) = b AND (a // b) % 2 = 1 THEN 1 ELSE 0 END;
-- The whole part of a square root. The root of a DOUBLE errs by less than 2^12 where the square is below 2^127; one
-- step of Newton's method brings it to within 1, which is mended. A square beyond 2^127 is an error.
CREATE MACRO root_mended(n, r) AS
    r - CASE WHEN r * r > n THEN 1 ELSE 0 END + CASE WHEN (r + 1) * (r + 1) <= n THEN 1 ELSE 0 END;
CREATE MACRO root_from(n, r) AS root_mended(n, (r + n // r) // 2);
CREATE MACRO whole_root(n) AS root_from(n, greatest(CAST(floor(sqrt(CAST(n AS DOUBLE))) AS HUGEINT), 1));
-- The mean need of a trust's schools, in millionths: weighted by pupils where each has a number of them and some have
-- any. A need is at most 10^6, and pupils at most 10^9 a school, so that sums are HUGEINT.
CREATE MACRO mean_need(need, pupils) AS
    CASE WHEN count(pupils) = count(*) AND sum(pupils) FILTER (need IS NOT NULL) > 0
        THEN half_up(sum(CAST(need AS HUGEINT) * pupils), sum(pupils) FILTER (need IS NOT NULL))
    ELSE half_up(sum(need), nullif(count(need), 0)) END;

-- Numbers as the files write them: millionths as the shortest decimal (2500000 is 2.5), and with fixed places.
CREATE MACRO shortest(n) AS
    CASE WHEN n % 1000000 = 0 THEN CAST(n // 1000000 AS VARCHAR)
    ELSE CAST(n // 1000000 AS VARCHAR) || '.' || rtrim(lpad(CAST(n % 1000000 AS VARCHAR), 6, '0'), '0') END;
CREATE MACRO with_places(n, places) AS
    CAST(n // CAST(pow(10, places) AS BIGINT) AS VARCHAR) || '.'
    || lpad(CAST(n % CAST(pow(10, places) AS BIGINT) AS VARCHAR), places, '0');

-- The status that the run gives itself: nothing is claimed of pairs where it is `infeasible` or `unknown`.
CREATE MACRO status_published() AS coalesce((SELECT s.value FROM summary AS s WHERE s.place = 'status'), '');

-- What the statements give for each cell of a published table, and for each value of summary.json.
CREATE TABLE ours(stage VARCHAR, table_name VARCHAR, key VARCHAR[], column_name VARCHAR, cell VARCHAR);
CREATE TABLE figures(stage VARCHAR, place VARCHAR, near DOUBLE, exact VARCHAR);
-- What does not agree: a row each.
CREATE TABLE findings(
    stage VARCHAR, table_name VARCHAR, key VARCHAR, column_name VARCHAR, ours VARCHAR, published VARCHAR);
