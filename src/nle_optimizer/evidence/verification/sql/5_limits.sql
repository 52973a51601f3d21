-- Stage 5. What the matched pairs take, and every limit over many pairs.

-- The pairs that allocation.csv names, and those of them that are candidates.
CREATE TABLE claimed AS
SELECT DISTINCT key[1] AS school_id, key[2] AS nle_id FROM published WHERE table_name = 'allocation';
CREATE TABLE matched AS SELECT c.* FROM candidate AS c JOIN claimed USING (nle_id, school_id);
CREATE TABLE used AS
SELECT nle_id, resource, CAST(sum(amount) AS BIGINT) AS amount
FROM uses JOIN claimed USING (nle_id, school_id) GROUP BY ALL;

-- What a candidate pair costs, in millionths of a pound: so much a match, and so much a day.
CREATE VIEW costs AS
SELECT c.nle_id, c.school_id, CAST(setting.per_match
    + coalesce(half_up(CAST(u.amount AS HUGEINT) * setting.per_day, 1000000), 0) AS BIGINT) AS cost
FROM candidate AS c CROSS JOIN settings AS setting
LEFT JOIN uses AS u ON u.nle_id = c.nle_id AND u.school_id = c.school_id AND u.resource = 'days';

-- Whom a constraint is about where it counts schools or NLEs, and the row of it that each is in: by the value of a
-- column, or all in one. Who leaves a condition open, or the column blank, is in none.
CREATE TABLE school_member AS
SELECT k.n, r.school_id, school_group(k.n, r) AS label
FROM (SELECT DISTINCT n FROM constraints WHERE side = 'schools') AS k CROSS JOIN recipient AS r
WHERE school_counts(k.n, r) AND school_group(k.n, r) IS NOT NULL;
CREATE TABLE nle_member AS
SELECT k.n, e.nle_id, nle_group(k.n, e) AS label, h.most > 0 AS is_giving
FROM (SELECT DISTINCT n, type, resource FROM constraints WHERE side = 'nles') AS k CROSS JOIN nle AS e
JOIN (SELECT nle_id, max(amount) AS most FROM has GROUP BY nle_id) AS h USING (nle_id)
LEFT JOIN has AS c ON c.nle_id = e.nle_id AND c.resource = k.resource
WHERE e.out_reason IS NULL AND (k.type <> 'minimum_use' OR c.amount > 0)
    AND nle_counts(k.n, e) AND nle_group(k.n, e) IS NOT NULL;

-- Where an NLE is not new: in the area of the same name, and wherever a school is that it supported before or has on
-- its list today, in whatever state.
CREATE TABLE known_area AS
WITH area AS (
    SELECT k.n, r.school_id, school_group(k.n, r) AS label
    FROM (SELECT DISTINCT n FROM constraints WHERE type = 'new_to_area') AS k CROSS JOIN recipient AS r
), own AS (
    SELECT k.n, e.nle_id, nle_area(k.n, e) AS label
    FROM (SELECT DISTINCT n FROM constraints WHERE type = 'new_to_area') AS k CROSS JOIN nles AS e
)
SELECT DISTINCT a.n, o.nle_id, a.label FROM area AS a JOIN own AS o
    ON o.n = a.n AND coalesce(folded(o.label), o.label) = coalesce(folded(a.label), a.label)
UNION
SELECT a.n, b.nle_id, a.label FROM area AS a
JOIN (SELECT nle_id, school_id FROM pairs WHERE list_contains(relation, 'previous')
    UNION SELECT nle_id, school_id FROM current) AS b USING (school_id);

-- What each candidate pair counts in each constraint, wherever it counts: one, or so much of a resource, or its cost.
-- A constraint stands here once, however many parts its limits have.
CREATE VIEW asked AS SELECT DISTINCT n, type, side, once, has_groups, resource, scale FROM constraints;
CREATE VIEW weighing AS
SELECT k.n, k.once, c.nle_id, c.school_id,
    CASE WHEN k.resource IS NULL THEN 1 WHEN k.resource = 'cost' THEN x.cost ELSE u.amount END AS amount, c.is_agreed
FROM asked AS k CROSS JOIN candidate AS c
LEFT JOIN costs AS x ON k.resource = 'cost' AND x.nle_id = c.nle_id AND x.school_id = c.school_id
LEFT JOIN uses AS u ON u.resource = k.resource AND u.nle_id = c.nle_id AND u.school_id = c.school_id;

-- The row of each constraint that each candidate pair is in; in none where it does not count.
CREATE VIEW row_of_pair AS
SELECT m.n, c.nle_id, c.school_id, m.label
FROM candidate AS c JOIN school_member AS m USING (school_id)
LEFT JOIN known_area AS a ON a.n = m.n AND a.nle_id = c.nle_id AND a.label = m.label
WHERE a.n IS NULL
UNION ALL
SELECT m.n, c.nle_id, c.school_id, m.label FROM candidate AS c JOIN nle_member AS m USING (nle_id)
UNION ALL
SELECT k.n, c.nle_id, c.school_id, pair_group(k.n, r, e, c, p) AS label
FROM candidate AS c JOIN recipient AS r USING (school_id) JOIN nles AS e USING (nle_id)
LEFT JOIN pairs AS p ON p.nle_id = c.nle_id AND p.school_id = c.school_id
JOIN asked AS k ON k.side = 'pairs'
WHERE pair_counts(k.n, r, e, c, p) AND pair_group(k.n, r, e, c, p) IS NOT NULL;

-- The matched pairs, and among them the agreed ones, as the constraints count them.
CREATE TABLE counted AS
SELECT w.n, w.once, w.nle_id, w.school_id, w.amount, w.is_agreed, m.nle_id IS NOT NULL AS is_matched, p.label
FROM weighing AS w
LEFT JOIN matched AS m USING (nle_id, school_id)
LEFT JOIN row_of_pair AS p ON p.n = w.n AND p.nle_id = w.nle_id AND p.school_id = w.school_id
WHERE m.nle_id IS NOT NULL OR w.is_agreed;

CREATE MACRO counts_once(once, school_id, nle_id, amount, which) AS CASE once
    WHEN 'schools' THEN count(DISTINCT school_id) FILTER (which)
    WHEN 'nles' THEN count(DISTINCT nle_id) FILTER (which)
    ELSE coalesce(sum(amount) FILTER (which), 0) END;

-- The rows of each constraint, what each counts, and between which limits; numbers are in millionths of what is
-- counted (a school, a millionth of a day or of a pound), so that shares are exact. Rows by a column exist where
-- somebody eligible is in them, or a candidate pair; a trust's schools are kept together where there are several. A
-- share is of everything matched, or of the eligible: the schools, or the NLEs that have something to give; of
-- minimum_use of what the NLE has. No upper limit is below what agreed pairs alone count.
CREATE TABLE standing AS
WITH member AS (
    SELECT n, label, count(*) AS eligible, count(*) AS members FROM school_member GROUP BY ALL
    UNION ALL
    SELECT n, label, count(*) FILTER (is_giving), count(*) FROM nle_member GROUP BY ALL
), labels AS (
    SELECT n, label, eligible FROM member JOIN asked USING (n)
    WHERE has_groups AND (type <> 'quota' OR eligible > 0) AND (type <> 'keep_together' OR members > 1)
    UNION ALL
    SELECT k.n, '', coalesce(m.eligible, 0) FROM asked AS k LEFT JOIN member AS m USING (n) WHERE NOT k.has_groups
    UNION ALL
    SELECT DISTINCT p.n, p.label, 0 FROM row_of_pair AS p JOIN asked AS k USING (n)
    WHERE k.has_groups AND k.side = 'pairs'
), tally AS (
    SELECT n, label, counts_once(once, school_id, nle_id, amount, is_matched) AS value,
        counts_once(once, school_id, nle_id, amount, is_agreed) AS agreed
    FROM counted WHERE label IS NOT NULL GROUP BY n, once, label
), everything AS (
    SELECT n, counts_once(once, school_id, nle_id, amount, is_matched) AS value,
        counts_once(once, school_id, nle_id, amount, is_agreed) AS agreed
    FROM counted GROUP BY n, once
), limits AS (
    SELECT k.*, l.label, CAST(coalesce(t.value, 0) AS HUGEINT) AS value,
        CAST(coalesce(e.value, 0) AS HUGEINT) AS everything,
        CAST(coalesce(t.agreed, 0) AS HUGEINT) AS agreed, CAST(coalesce(e.agreed, 0) AS HUGEINT) AS agreed_in_all,
        CASE WHEN k.type = 'minimum_use' THEN h.amount WHEN k.of_eligible THEN l.eligible END AS whole,
        greatest((CAST(k.minimum AS HUGEINT) * k.scale + 999999) // 1000000,
            (CAST(k.minimum_share AS HUGEINT) * whole + 999999) // 1000000) AS lower,
        least(CAST(k.maximum AS HUGEINT) * k.scale // 1000000,
            CAST(k.maximum_share AS HUGEINT) * whole // 1000000) AS upper,
        CASE WHEN whole IS NULL THEN k.minimum_share END AS lower_share,
        CASE WHEN whole IS NULL THEN k.maximum_share END AS upper_share
    FROM constraints AS k JOIN labels AS l USING (n)
    LEFT JOIN tally AS t ON t.n = k.n AND t.label = l.label
    LEFT JOIN everything AS e ON e.n = k.n
    LEFT JOIN has AS h ON k.type = 'minimum_use' AND h.nle_id = l.label AND h.resource = k.resource
)
SELECT *,
    name || CASE WHEN by_name IS NULL THEN '' ELSE '[' || by_name || '=' || label || ']' END || suffix AS full_label,
    CASE WHEN agreed > 0 THEN greatest(1000000 * agreed - upper_share * agreed_in_all, 0) ELSE 0 END AS excess,
    greatest(1000000 * lower, lower_share * everything) AS least_value,
    least(1000000 * greatest(upper, CASE WHEN upper IS NOT NULL THEN agreed END), upper_share * everything + excess)
        AS most_value
FROM limits;

-- Which candidate pairs of recipients without an NLE would push a row beyond a limit, or farther beyond it, if they
-- were matched beside those that are: a row that they are in, or the share of another row, as the whole grows.
CREATE TABLE hindered AS
WITH waiting AS (
    SELECT w.n, w.nle_id, w.school_id, p.label, w.amount,
        CASE w.once WHEN 'nles' THEN CAST(NOT EXISTS (FROM counted AS c
            WHERE c.is_matched AND c.n = w.n AND c.label = p.label AND c.nle_id = w.nle_id) AS BIGINT)
            ELSE w.amount END AS more_here,
        CASE w.once WHEN 'nles' THEN CAST(w.nle_id NOT IN (SELECT nle_id FROM matched) AS BIGINT)
            ELSE w.amount END AS more_in_all
    FROM weighing AS w LEFT JOIN row_of_pair AS p ON p.n = w.n AND p.nle_id = w.nle_id AND p.school_id = w.school_id
    WHERE w.school_id NOT IN (SELECT school_id FROM claimed)
), effect AS (
    SELECT w.nle_id, w.school_id, s.*, CASE WHEN s.label = w.label THEN w.more_here ELSE 0 END AS here,
        w.more_in_all AS in_all, s.label = w.label AS is_own_row
    FROM waiting AS w JOIN standing AS s USING (n)
)
SELECT DISTINCT nle_id, school_id FROM effect
WHERE coalesce(is_own_row, false) AND (
        here > 0 AND value + here > greatest(upper, agreed) AND upper IS NOT NULL
        OR 1000000 * here > upper_share * in_all
            AND 1000000 * (value + here) - upper_share * (everything + in_all) > excess
        OR 1000000 * here < lower_share * in_all
            AND 1000000 * (value + here) < lower_share * (everything + in_all))
    OR NOT coalesce(is_own_row, false) AND lower_share > 0
        AND greatest(1000000 * value // lower_share - everything, 0) < in_all;
