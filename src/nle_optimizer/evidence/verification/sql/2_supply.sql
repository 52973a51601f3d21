-- Stage 2. Which NLEs are out, and what the others have to give.

-- What of an NLE is used up before anybody is matched. A pair that is over (finished, stopped, reopened) has used up
-- what it took, but for its placement, which is free again; a pair that is agreed or started holds what it takes where
-- its school is in no table here, so that it cannot be matched again. How much: as today's pairs say, else the pairs
-- table, else the schools table. NULL: nothing says it.
CREATE TABLE taken AS
WITH standing AS (
    SELECT c.nle_id, c.school_id, c.state IN ('agreed', 'started') AS is_pinned,
        c.school_id IN (SELECT school_id FROM schools)
            OR setting.recipients = 'trust' AND c.school_id IN (SELECT trust_id FROM schools WHERE trust_id IS NOT NULL)
            AS is_here
    FROM current AS c CROSS JOIN settings AS setting
    WHERE c.state IN ('agreed', 'started', 'finished', 'stopped', 'reopened')
)
SELECT s.nle_id, s.school_id, r.resource, coalesce(c.amount, p.amount, o.amount) AS amount
FROM standing AS s
JOIN resources AS r ON r.resource <> 'placements' OR s.is_pinned
LEFT JOIN current_amounts AS c
    ON c.nle_id = s.nle_id AND c.school_id = s.school_id AND c.resource = r.resource
LEFT JOIN pairs_amounts AS p
    ON p.nle_id = s.nle_id AND p.school_id = s.school_id AND p.resource = r.resource
LEFT JOIN schools_amounts AS o ON o.school_id = s.school_id AND o.resource = r.resource
WHERE NOT (s.is_pinned AND s.is_here);

-- NLEs that are out whatever they have: NLGs, whose programme is closed, and others who are no NLE; who pauses or has
-- withdrawn; whose own school is below Good; whose governors do not agree.
CREATE TABLE person AS
SELECT n.*, CASE
        WHEN folded(n.kind) = 'nlg' THEN 'nlg-programme-closed'
        WHEN folded(n.kind) <> 'nle' THEN 'not-an-nle'
        WHEN n.status = 'paused' THEN 'paused'
        WHEN n.status = 'withdrawn' THEN 'withdrawn'
        WHEN n.home_grade >= 3 THEN 'home-not-good'
        WHEN NOT n.governors_agreed THEN 'governors-not-agreed'
    END AS out_as_person
FROM nles AS n;

-- What each NLE has of each resource, in millionths. As the table says; one placement where it has no such column.
-- `multiply` applies to those who are in. Whole amounts stay whole: under `spread` all of them together get what the
-- product of their sum comes to, those first whose product was cut most (then in order of identifier); under `down`
-- each product is cut. What `reserve` keeps back is rounded up; an amount never falls below 0.
-- An amount is at most 10^15 and a factor 10^9, so that products are HUGEINT.
CREATE TABLE capacity AS
WITH as_read AS (
    SELECT p.nle_id, p.out_as_person, r.*,
        a.amount IS NOT NULL OR NOT is_in_nles AND r.resource = 'placements' AS is_given,
        coalesce(a.amount, CASE WHEN NOT r.is_in_nles AND r.resource = 'placements' THEN 1000000 END, 0) AS amount_read,
        is_given AND p.out_as_person IS NULL AS is_known
    FROM person AS p CROSS JOIN resources AS r
    LEFT JOIN nles_amounts AS a ON a.nle_id = p.nle_id AND a.resource = r.resource
), product AS (
    SELECT *, bool_and(amount_read % 1000000 = 0) FILTER (is_known) OVER (PARTITION BY resource) AS are_whole,
        CAST(CASE WHEN are_whole THEN 1000000 ELSE 1 END AS BIGINT) AS unit,
        CAST(amount_read AS HUGEINT) * multiply AS multiplied,
        multiplied // (1000000 * unit) AS cut,
        multiplied % (1000000 * unit) AS rest
    FROM as_read
), spread AS (
    SELECT *,
        half_up(sum(rest) FILTER (is_known) OVER (PARTITION BY resource), 1000000 * unit) AS more,
        row_number() OVER (PARTITION BY resource, is_known ORDER BY rest DESC, nle_id) AS rank
    FROM product
), given AS (
    SELECT spread.*, CASE WHEN NOT is_known THEN 0
            WHEN multiply IS NULL THEN amount_read
            WHEN are_whole AND setting.round = 'spread' AND rank <= more THEN (cut + 1) * unit
            ELSE cut * unit
        END AS multiplied_amount,
        coalesce(reserve_amount,
            (CAST(multiplied_amount AS HUGEINT) * reserve_share + 999999999999) // 1000000000000, 0) AS reserved
    FROM spread CROSS JOIN settings AS setting
)
SELECT g.nle_id, g.resource, g.position, g.is_in_nles, g.is_known, g.amount_read, g.multiply, g.multiplied_amount,
    coalesce(t.amount, 0) AS amount_taken,
    CAST(greatest(greatest(multiplied_amount - reserved, 0) - amount_taken, 0) AS BIGINT) AS amount
FROM given AS g
LEFT JOIN (SELECT nle_id, resource, sum(amount) AS amount FROM taken GROUP BY ALL) AS t USING (nle_id, resource);

-- The NLEs, each with the reason why it is out, NULL where it is in. Besides: whose capacity is not known of a resource
-- that the table has; who has no place where every pair needs a distance, and no distance in the pairs table; and whose
-- expertise is not known where that leaves pairs out, or where it has nothing to give anyway.
-- An NLE's own limit on distance, in whole metres, as the settings respect, ignore or multiply it.
CREATE TABLE nle AS
WITH state AS (
    SELECT p.* REPLACE (
            CASE WHEN NOT setting.ignores_nle_limit
                THEN CAST(p.max_distance_km * CAST(setting.nle_limit_times AS HUGEINT) // 1000000 AS BIGINT)
            END AS max_distance_km),
        setting.unknown, c.is_unknown, c.is_empty,
        setting.least_distance > 0 OR setting.uses_distance OR EXISTS (FROM distance_limits WHERE region IS NULL)
            OR p.max_distance_km IS NOT NULL AND NOT setting.ignores_nle_limit AS needs_distance,
        setting.weight_leadership > 0 AND p.expertise_leadership IS NULL
            OR setting.weight_governance > 0 AND p.expertise_governance IS NULL
            OR setting.weight_finance > 0 AND p.expertise_finance IS NULL AS has_unknown_expertise
    FROM person AS p CROSS JOIN settings AS setting
    JOIN (
        SELECT nle_id, bool_or(is_in_nles AND NOT is_known) AS is_unknown, bool_and(amount = 0) AS is_empty
        FROM capacity GROUP BY nle_id
    ) AS c USING (nle_id)
)
SELECT * EXCLUDE (unknown, is_unknown, is_empty, has_unknown_expertise),
    CASE WHEN out_as_person IS NOT NULL THEN out_as_person
        WHEN is_unknown THEN 'unknown-capacity'
        WHEN (easting IS NULL OR northing IS NULL) AND needs_distance
            AND nle_id NOT IN (SELECT nle_id FROM pairs WHERE distance_km IS NOT NULL) THEN 'no-place'
        WHEN has_unknown_expertise AND nle_id NOT IN (SELECT nle_id FROM pairs WHERE fit IS NOT NULL)
            AND (unknown = 'exclude' OR unknown = 'error' AND is_empty) THEN 'unknown-expertise'
    END AS out_reason
FROM state;

-- Pairs that no limit takes away: agreed or started, or standing and required by the pairs table too.
CREATE TABLE agreed AS
SELECT c.nle_id, c.school_id
FROM current AS c
LEFT JOIN pairs AS p USING (nle_id, school_id)
WHERE (c.state IN ('agreed', 'started')
        OR coalesce(c.state, 'proposed') NOT IN ('finished', 'stopped', 'reopened')
            AND coalesce(list_contains(p.relation, 'require'), false))
    AND c.nle_id IN (SELECT nle_id FROM nles) AND c.school_id IN (SELECT school_id FROM recipient);
