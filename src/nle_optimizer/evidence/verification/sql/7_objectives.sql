-- Stage 7. What the matched pairs come to in each objective, and whether every limit is kept.

-- The objectives in force. Those that nobody asked for are by priority where any recipient has one, and by distance
-- where every pair that could be matched has one.
CREATE TABLE in_force AS
SELECT o.* FROM objectives AS o CROSS JOIN settings AS setting
WHERE o.only_with IS NULL
    OR o.only_with = 'priority' AND EXISTS (FROM recipient WHERE priority IS NOT NULL)
    OR o.only_with = 'distance'
        AND NOT EXISTS (FROM nle AS n WHERE coalesce(n.out_reason, 'unknown-expertise') = 'unknown-expertise'
            AND (n.easting IS NULL OR n.northing IS NULL)
            AND n.nle_id NOT IN (SELECT p.nle_id FROM pairs AS p WHERE p.distance_km IS NOT NULL))
        AND NOT EXISTS (FROM every_pair AS e WHERE setting.least_distance = 0 AND e.square IS NULL
            AND e.told_metres IS NULL AND e.limit_metres IS NULL AND (e.is_listed OR NOT setting.only_listed));

-- The levels in order: one for each objective, or one for each value of its column, the least first, blanks last. The
-- name of a level has the value as it is held: millionths of a share, the number of a day since the year 1.
CREATE TABLE level AS
WITH valued AS (
    SELECT DISTINCT o.n, objective_group(o.n, r) AS label, objective_order(o.n, r) AS place
    FROM in_force AS o CROSS JOIN recipient AS r WHERE o.has_groups
    UNION ALL
    SELECT n, NULL, NULL FROM in_force WHERE NOT has_groups
)
SELECT o.*, v.label, row_number() OVER (ORDER BY o.n, v.place NULLS LAST) AS position
FROM valued AS v JOIN objectives AS o USING (n);

-- Downwards to a multiple of the step; below 0 too.
CREATE MACRO down_to(amount, step) AS amount - ((amount % step) + step) % step;

-- Which recipients count in a level, and with what weight (in millionths where a column weighs, else 1).
CREATE TABLE counts_in AS
SELECT l.position, r.school_id,
    CASE WHEN l.is_weighted THEN coalesce(objective_weight(l.n, r), 0) ELSE 1 END AS weight
FROM level AS l CROSS JOIN recipient AS r
WHERE objective_counts(l.n, r) AND (NOT l.has_groups OR objective_group(l.n, r) IS NOT DISTINCT FROM l.label);

-- What each matched pair measures, in the units of each measure, 0 where nothing is known.
CREATE TABLE measured AS
FROM (
    SELECT m.nle_id, m.school_id, CAST(1 AS HUGEINT) AS schools_supported, CAST(m.fit AS HUGEINT) AS fit,
        CAST(coalesce(m.fit_leadership, 0) AS HUGEINT) AS fit_leadership,
        CAST(coalesce(m.fit_governance, 0) AS HUGEINT) AS fit_governance,
        CAST(coalesce(m.fit_finance, 0) AS HUGEINT) AS fit_finance, CAST(coalesce(m.metres, -1) AS HUGEINT) AS distance,
        CAST(coalesce(m.travel_minutes, 0) AS HUGEINT) AS travel_minutes, CAST(c.cost AS HUGEINT) AS cost,
        CAST((m.nle_id, m.school_id) IN (SELECT (t.nle_id, t.school_id) FROM current AS t
            WHERE coalesce(t.state, 'proposed') NOT IN ('finished', 'stopped', 'reopened')) AS HUGEINT) AS kept_pairs
    FROM matched AS m JOIN costs AS c USING (nle_id, school_id)
) UNPIVOT (amount FOR measure IN (COLUMNS(* EXCLUDE (nle_id, school_id))));

-- Sums over the matched pairs: the parts of each pair, times its weight, down to the step. Where a recipient may have
-- several NLEs, or keeps those it has today, being supported counts once for it.
CREATE TABLE sums AS
WITH several AS (
    SELECT coalesce(max(supporters), 1) > 1 OR any_value(s.rule) = 'status-quo' AS are_several
    FROM settings AS s LEFT JOIN recipient ON true
), pair AS (
    SELECT c.position, m.nle_id, m.school_id, any_value(c.weight) AS weight,
        sum(p.coefficient * m.amount) AS amount
    FROM counts_in AS c JOIN measured AS m USING (school_id) JOIN level AS l USING (position)
    JOIN objective_parts AS p ON p.n = l.n AND p.measure = m.measure
    WHERE p.measure <> 'schools_supported' OR NOT (SELECT are_several FROM several)
    GROUP BY c.position, m.nle_id, m.school_id
), once AS (
    SELECT c.position, NULL AS nle_id, c.school_id, c.weight, CAST(p.coefficient AS HUGEINT) AS amount
    FROM counts_in AS c JOIN level AS l USING (position)
    JOIN objective_parts AS p ON p.n = l.n AND p.measure = 'schools_supported'
    WHERE (SELECT are_several FROM several) AND c.school_id IN (SELECT school_id FROM matched)
)
SELECT position, sum(down_to(weight * amount, step)) AS value
FROM (FROM pair UNION ALL FROM once) JOIN level USING (position) GROUP BY position;

-- The least fit of a matched pair that counts, of leximin the least above 0; and how far shares lie apart, the greatest
-- rounded up and the least down: of what the NLEs with a candidate use of the first resource, or of the regions'
-- schools.
CREATE TABLE spreads AS
SELECT c.position, min(m.fit) AS value
FROM counts_in AS c JOIN matched AS m USING (school_id) JOIN level AS l USING (position)
WHERE l.name IN ('min_fit', 'leximin_fit') AND (l.name = 'min_fit' OR m.fit > 0) GROUP BY c.position
UNION ALL
SELECT l.position, max((1000000 * coalesce(u.amount, 0) + h.amount - 1) // h.amount)
    - min(1000000 * coalesce(u.amount, 0) // h.amount)
FROM level AS l CROSS JOIN has AS h LEFT JOIN used AS u USING (nle_id, resource)
WHERE l.name = 'load_balance' AND h.position = 0 AND h.is_in AND h.amount > 0
    AND h.nle_id IN (SELECT nle_id FROM candidate)
GROUP BY l.position
UNION ALL
SELECT position, max((1000000 * supported + eligible - 1) // eligible) - min(1000000 * supported // eligible)
FROM (
    SELECT c.position, r.region, count(*) AS eligible,
        count(*) FILTER (r.school_id IN (SELECT school_id FROM matched)) AS supported
    FROM counts_in AS c JOIN recipient AS r USING (school_id) JOIN level AS l USING (position)
    WHERE l.name = 'region_gap' AND r.region IS NOT NULL GROUP BY ALL
) GROUP BY position;

CREATE TABLE reached AS
SELECT l.*, CAST(coalesce(s.value, d.value, 0) AS HUGEINT) AS value
FROM level AS l LEFT JOIN sums AS s USING (position) LEFT JOIN spreads AS d USING (position)
WHERE l.is_read AND status_published() NOT IN ('infeasible', 'unknown');

INSERT INTO figures
SELECT 'objectives', 'objectives[' || position || '].name', NULL,
    CASE WHEN NOT r.has_groups THEN name
        WHEN r.by_name IS NULL AND starts_with(s.value, name || '[') THEN s.value
        ELSE name || '[' || r.by_name || '=' || coalesce(r.label, 'blank') || ']' END
FROM reached AS r LEFT JOIN summary AS s ON s.place = 'objectives[' || position || '].name'
UNION ALL
SELECT 'objectives', 'objectives[' || position || '].sense', NULL,
    CASE WHEN is_minimised THEN 'minimise' ELSE 'maximise' END FROM reached
UNION ALL
SELECT 'objectives', 'objectives[' || position || '].value', CAST(value AS DOUBLE) / scale, NULL FROM reached
UNION ALL
SELECT 'objectives', 'objectives[' || position || '].exact.scale', NULL, CAST(scale AS VARCHAR) FROM reached
WHERE NOT is_weighted
UNION ALL
SELECT 'objectives', 'objectives[' || position || '].exact.value', NULL, CAST(CASE WHEN is_weighted
        THEN r.value * TRY_CAST(s.value AS HUGEINT) // r.scale ELSE r.value END AS VARCHAR)
FROM reached AS r LEFT JOIN summary AS s ON s.place = 'objectives[' || position || '].exact.scale';

INSERT INTO findings
SELECT 'objectives', 'summary.json', 'objectives', NULL, ours || ' levels', published || ' levels'
FROM (SELECT (SELECT count(*) FROM level) AS ours,
    (SELECT count(*) FROM summary WHERE regexp_matches(place, '^objectives\[\d+\]\.name$')) AS published)
WHERE ours <> published AND status_published() NOT IN ('infeasible', 'unknown');

-- The rows of the constraints as the summary has them, by their labels.
CREATE TABLE said_row AS
SELECT value AS full_label, regexp_extract(place, '^(constraints\[\d+\])\.label$', 1) AS place
FROM summary WHERE regexp_matches(place, '^constraints\[\d+\]\.label$');

INSERT INTO findings
SELECT 'limits', 'summary.json', 'constraints', NULL, s.full_label, p.full_label
FROM standing AS s FULL JOIN said_row AS p USING (full_label) WHERE s.full_label IS NULL OR p.full_label IS NULL;

INSERT INTO figures
WITH row_of AS (
    SELECT p.place, s.*, 1e6 * scale AS unit_scale FROM standing AS s JOIN said_row AS p USING (full_label)
)
SELECT 'limits', place || '.name', NULL, name FROM row_of
UNION ALL SELECT 'limits', place || '.type', NULL, type FROM row_of
UNION ALL SELECT 'limits', place || '.unit', NULL, unit FROM row_of
UNION ALL SELECT 'limits', place || '.value', 1e6 * value / unit_scale, NULL FROM row_of
UNION ALL SELECT 'limits', place || '.minimum', least_value / unit_scale, NULL FROM row_of
UNION ALL SELECT 'limits', place || '.maximum', most_value / unit_scale, NULL FROM row_of
UNION ALL SELECT 'limits', place || '.binding', NULL,
    CAST(coalesce(1000000 * value = least_value, false) OR coalesce(1000000 * value = most_value, false) AS VARCHAR)
FROM row_of;

-- Limits that are broken: no recipient has more NLEs than it may, no NLE gives more than it has, every row lies between
-- its limits. Some rules need not keep to them, and then own up to it in `missed`: lower limits, `status-quo` any.
CREATE TABLE broken AS
SELECT 'allocation.csv' AS file, c.school_id AS key, 'NLEs' AS what, false AS is_lower,
    CAST(coalesce(r.supporters, 1) AS VARCHAR) AS ours, CAST(count(*) AS VARCHAR) AS published
FROM claimed AS c JOIN recipient AS r USING (school_id) GROUP BY c.school_id, r.supporters
HAVING count(*) > coalesce(r.supporters, 1)
UNION ALL
SELECT 'allocation.csv', u.nle_id, u.resource, false, shortest(h.amount), shortest(u.amount)
FROM used AS u JOIN has AS h USING (nle_id, resource) WHERE u.amount > h.amount AND h.is_in
UNION ALL
SELECT 'summary.json', full_label, unit, true, 'at least ' || least_value / (1e6 * scale),
    CAST(value / scale AS VARCHAR)
FROM standing WHERE 1000000 * value < least_value
UNION ALL
SELECT 'summary.json', full_label, unit, false, 'at most ' || most_value / (1e6 * scale), CAST(value / scale AS VARCHAR)
FROM standing WHERE 1000000 * value > most_value;

INSERT INTO findings
SELECT 'limits', b.file, b.key, b.what, b.ours, b.published
FROM broken AS b CROSS JOIN settings AS setting
WHERE (setting.proves OR NOT b.is_lower AND setting.rule <> 'status-quo')
    AND status_published() NOT IN ('infeasible', 'unknown')
UNION ALL
SELECT 'limits', 'summary.json', 'missed', NULL, CAST(owned AS VARCHAR), CAST(published AS VARCHAR)
FROM settings AS setting, (SELECT count(*) AS published FROM summary WHERE regexp_matches(place, '^missed\[\d+\]$')),
    LATERAL (SELECT count(*) AS owned FROM broken AS b WHERE b.is_lower OR setting.rule = 'status-quo')
WHERE NOT setting.proves AND owned <> published;

-- Pairs that must be matched: required by the pairs table, or agreed.
INSERT INTO findings
SELECT 'limits', 'allocation.csv', array_to_string([q.school_id, q.nle_id], ', '), NULL, CASE
        WHEN q.school_id NOT IN (SELECT school_id FROM recipient) THEN 'required, and the school is no recipient'
        WHEN q.nle_id NOT IN (SELECT nle_id FROM nle_side) THEN 'required, and the NLE is out'
        WHEN (q.nle_id, q.school_id) NOT IN (SELECT (c.nle_id, c.school_id) FROM candidate AS c)
            THEN 'required, and no candidate'
        ELSE 'required' END AS said, NULL
FROM (
    SELECT nle_id, school_id FROM pairs WHERE list_contains(relation, 'require') AND nle_id IN (SELECT nle_id FROM nles)
    UNION
    SELECT c.nle_id, c.school_id FROM current AS c CROSS JOIN settings AS setting
    WHERE c.state IN ('agreed', 'started') AND c.nle_id IN (SELECT nle_id FROM nles)
        AND (c.school_id IN (SELECT school_id FROM schools) OR setting.recipients = 'trust'
            AND c.school_id IN (SELECT trust_id FROM schools WHERE trust_id IS NOT NULL))
) AS q CROSS JOIN settings AS setting
WHERE said <> 'required' OR (q.nle_id, q.school_id) NOT IN (SELECT (m.nle_id, m.school_id) FROM matched AS m)
    AND setting.rule <> 'status-quo'
    AND status_published() NOT IN ('infeasible', 'unknown');
