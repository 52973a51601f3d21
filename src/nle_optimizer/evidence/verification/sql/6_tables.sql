-- Stage 6. Every cell of the published tables, and the figures of the summary.

-- allocation.csv: the pairs that it names, as far as they are candidates. The state is that of today's pair, where it
-- still stands. Columns of one's own are carried through.
CREATE VIEW allocated AS
SELECT m.*, c.cost, r.* EXCLUDE (school_id), n.name AS nle_name, CASE
        WHEN t.state IN ('finished', 'stopped', 'reopened') THEN 'proposed' ELSE coalesce(t.state, 'proposed')
    END AS state
FROM matched AS m JOIN costs AS c USING (nle_id, school_id)
JOIN recipient AS r USING (school_id) JOIN nles AS n USING (nle_id)
LEFT JOIN current AS t ON t.nle_id = m.nle_id AND t.school_id = m.school_id;

INSERT INTO ours
SELECT 'pairs', 'allocation', [school_id, nle_id], column_name, cell FROM (
    SELECT school_id, nle_id, with_places(fit, 6) AS fit, with_places(fit_leadership, 6) AS fit_leadership,
        with_places(fit_governance, 6) AS fit_governance, with_places(fit_finance, 6) AS fit_finance,
        with_places(metres, 3) AS distance_km, name AS school_name, nle_name, coalesce(kind, 'school') AS kind,
        CAST(priority AS VARCHAR) AS priority, region, local_authority, phase, trust_id,
        CASE is_out_of_region WHEN true THEN 'yes' WHEN false THEN 'no' END AS out_of_region,
        with_places((cost + 5000) // 10000, 2) AS cost, state
    FROM allocated
) UNPIVOT INCLUDE NULLS (cell FOR column_name IN (COLUMNS(* EXCLUDE (school_id, nle_id))))
UNION ALL
SELECT 'pairs', 'allocation', [school_id, nle_id], resource, shortest(u.amount)
FROM uses AS u JOIN matched USING (nle_id, school_id)
UNION ALL
SELECT 'pairs', 'allocation', [school_id, nle_id], own.column_name, own.cell
FROM (SELECT school_id, nle_id, unnest(own_cells(a)) AS own FROM allocated AS a);

-- unmatched.csv: every recipient without an NLE. Without a candidate, the reason is the latest filter; else whether an
-- NLE that could take it has room beside what is matched, or would have if it had nobody. The nearest NLE is that of
-- the least distance, among all that are in; of several, the first.
CREATE TABLE waiting AS
SELECT r.*, f.filter FROM recipient AS r
LEFT JOIN stopped AS s USING (school_id) LEFT JOIN filters AS f ON f.rank = s.stopped_by
WHERE r.school_id NOT IN (SELECT school_id FROM claimed);

CREATE TABLE room AS
WITH pair AS (
    SELECT u.nle_id, u.school_id, bool_and(u.amount <= h.amount) AS fits_alone,
        bool_and(u.amount <= h.amount - coalesce(d.amount, 0)) AS fits
    FROM uses AS u JOIN has AS h USING (nle_id, resource) LEFT JOIN used AS d USING (nle_id, resource)
    WHERE u.school_id IN (SELECT school_id FROM waiting)
    GROUP BY u.nle_id, u.school_id
)
SELECT p.school_id, bool_or(fits_alone) AS is_holdable, bool_or(fits) AS has_room,
    bool_or(fits AND h.nle_id IS NULL) AS is_open
FROM pair AS p LEFT JOIN hindered AS h USING (nle_id, school_id) GROUP BY p.school_id;

-- Distances are rounded, so that all within two metres of the nearest are measured.
CREATE TABLE nearest AS
WITH apart AS (
    SELECT * FROM every_pair WHERE school_id IN (SELECT school_id FROM waiting)
), bound AS (
    SELECT school_id, whole_root(CAST(min(square) FILTER (told_metres IS NULL) AS HUGEINT))
        + 2 + 2000000 // (SELECT detour_factor FROM settings) AS root
    FROM apart GROUP BY school_id
), measured AS (
    SELECT a.school_id, a.nle_id, coalesce(a.told_metres, metres_of(a.square, setting.detour_factor)) AS metres
    FROM apart AS a JOIN bound AS b USING (school_id) CROSS JOIN settings AS setting
    WHERE a.told_metres IS NOT NULL OR a.square <= b.root * b.root
)
SELECT school_id, unnest(min({'metres': metres, 'nle_id': nle_id})) FROM measured GROUP BY school_id;

INSERT INTO ours
SELECT 'reasons', 'unmatched', [school_id], column_name, cell FROM (
    SELECT w.school_id, coalesce(w.filter, CASE
            WHEN status_published() = 'infeasible' THEN 'infeasible'
            WHEN status_published() = 'unknown' THEN 'stopped'
            WHEN o.is_open AND status_published() = 'optimal' THEN 'not-worth-it'
            WHEN o.is_open THEN 'not-placed'
            WHEN o.has_room THEN 'constraint'
            WHEN o.is_holdable THEN 'all-in-use'
            ELSE 'no-room' END) AS reason,
        n.nle_id AS nearest_nle_id, with_places(n.metres, 3) AS nearest_km, w.name, w.local_authority,
        CAST(w.priority AS VARCHAR) AS priority, CAST(w.days_waiting AS VARCHAR) AS days_waiting
    FROM waiting AS w LEFT JOIN room AS o USING (school_id) LEFT JOIN nearest AS n USING (school_id)
) UNPIVOT INCLUDE NULLS (cell FOR column_name IN (COLUMNS(* EXCLUDE (school_id))));

-- nles.csv: whether an NLE is out, works only in regions in which no school or trust is, or is available; what it has,
-- and what the matched pairs use of it.
INSERT INTO ours
WITH standing AS (
    SELECT DISTINCT folded(region) AS region FROM (SELECT region FROM schools UNION ALL SELECT region FROM trusts)
    WHERE region IS NOT NULL
), somewhere AS (SELECT count(*) > 0 AS is_any, list(region) AS regions FROM standing)
SELECT 'supply', 'nles', [nle_id], 'state', CASE WHEN out_reason IS NOT NULL THEN 'out'
    WHEN s.is_any AND NOT list_has_any(folded_all(n.regions), s.regions) THEN 'works-nowhere' ELSE 'available' END
FROM nle AS n CROSS JOIN somewhere AS s
UNION ALL
SELECT 'supply', 'nles', [nle_id], 'reason', out_reason FROM nle
UNION ALL
SELECT 'supply', 'nles', [nle_id], 'capacity_' || resource, CASE WHEN is_known THEN shortest(amount) END FROM has
UNION ALL
SELECT 'supply', 'nles', [nle_id], 'used_' || resource, shortest(coalesce(u.amount, 0))
FROM has LEFT JOIN used AS u USING (nle_id, resource);

-- breakdown.csv: the same figures by region, authority, phase, priority and rule; and over everybody, for the summary.
-- Means are rounded half up.
CREATE TABLE served AS
SELECT r.school_id, r.region, r.local_authority, r.phase, r.priority, n.name AS policy_rule, p.*
FROM recipient AS r LEFT JOIN rules AS n USING (rule)
LEFT JOIN (
    SELECT school_id AS matched_school_id, count(*) AS pairs, sum(fit) AS fit, sum(metres) AS metres,
        count(metres) AS measured, max(metres) AS farthest, count(*) FILTER (is_out_of_region) AS outside,
        sum(cost) AS cost
    FROM matched JOIN costs USING (nle_id, school_id) GROUP BY school_id
) AS p ON p.matched_school_id = r.school_id;

CREATE TABLE totals AS
WITH grouped AS (
    SELECT s.*, unnest([
        {'name': 'region', 'value': region}, {'name': 'local_authority', 'value': local_authority},
        {'name': 'phase', 'value': phase}, {'name': 'priority', 'value': CAST(priority AS VARCHAR)},
        {'name': 'policy_rule', 'value': policy_rule}, {'name': 'everybody', 'value': NULL}]) AS g
    FROM served AS s
)
SELECT g.name AS group_name, coalesce(g.value, '') AS value, count(*) AS eligible, count(pairs) AS supported,
    coalesce(sum(fit), 0) AS fit, min(fit) AS least_fit, coalesce(sum(metres), 0) AS metres,
    coalesce(sum(measured), 0) AS measured, max(farthest) AS farthest, coalesce(sum(outside), 0) AS outside,
    coalesce(sum(cost), 0) AS cost
FROM grouped GROUP BY ALL;

CREATE MACRO mean_of(total, n) AS half_up(total, nullif(n, 0));

INSERT INTO ours
SELECT 'figures', 'breakdown', [group_name, value], column_name, cell FROM (
    SELECT group_name, value, CAST(eligible AS VARCHAR) AS eligible, CAST(supported AS VARCHAR) AS supported,
        with_places(mean_of(1000000 * supported, eligible), 6) AS coverage,
        with_places(mean_of(fit, supported), 6) AS mean_fit,
        with_places(mean_of(metres, measured), 3) AS mean_distance_km,
        with_places(farthest, 3) AS max_distance_km, CAST(outside AS VARCHAR) AS out_of_region,
        with_places((cost + 5000) // 10000, 2) AS cost
    FROM totals WHERE group_name <> 'everybody'
) UNPIVOT INCLUDE NULLS (cell FOR column_name IN (COLUMNS(* EXCLUDE (group_name, value))));

-- summary.json: metrics, needs, counts, and what there is of each resource.
INSERT INTO figures
WITH everybody AS (
    -- One row, also where nobody is eligible.
    SELECT count(*) AS eligible, count(pairs) AS supported, sum(fit) AS fit, min(fit) AS least, sum(metres) AS metres,
        nullif(coalesce(sum(measured), 0), 0) AS measured, max(farthest) AS farthest,
        coalesce(sum(outside), 0) AS outside,
        coalesce(sum(cost), 0) AS cost
    FROM served
), need AS (
    SELECT school_id, coalesce(need_leadership, 0) + coalesce(need_governance, 0) + coalesce(need_finance, 0) AS need
    FROM recipient_side WHERE coalesce(need_leadership, need_governance, need_finance) IS NOT NULL
), mean_need AS (
    SELECT sum(need) / (count(*) * 1e6) AS of_all,
        sum(need) FILTER (pairs IS NOT NULL) / (count(pairs) * 1e6) AS of_supported
    FROM need JOIN served USING (school_id)
), metric AS (
    FROM (
        SELECT CAST(supported AS DOUBLE) / nullif(eligible, 0) AS coverage, coalesce(fit, 0) / 1e6 AS total_fit,
            fit / (nullif(supported, 0) * 1e6) AS mean_fit, least / 1e6 AS min_fit,
            CASE WHEN measured > 0 THEN metres / 1e3 END AS total_distance_km,
            metres / (measured * 1e3) AS mean_distance_km,
            farthest / 1e3 AS max_distance_km, CAST(outside AS DOUBLE) AS out_of_region,
            of_supported AS mean_need_supported, of_all AS mean_need_eligible, cost / 1e6 AS total_cost
        FROM everybody CROSS JOIN mean_need
    ) UNPIVOT INCLUDE NULLS (value FOR name IN (COLUMNS(*)))
), counted AS (
    FROM (
        SELECT (SELECT count(*) FROM schools) AS schools_read,
            (SELECT count(*) FROM admitted WHERE is_formed) AS recipients_formed,
            (SELECT count(*) FROM excluded) AS excluded,
            (SELECT count(*) FROM excluded WHERE exit[2] = 'matched-to-trust') AS matched_to_trust,
            (SELECT count(*) FROM excluded WHERE exit[2] = 'cannot-tell') AS cannot_tell,
            eligible, supported, eligible - supported AS unmatched,
            (SELECT count(*) FROM served JOIN recipient AS r USING (school_id) WHERE pairs < coalesce(r.supporters, 1))
                AS part_supported,
            (SELECT count(*) FROM nles) AS nles, (SELECT count(*) FROM nle_side) AS nles_available,
            (SELECT count(*) FROM (SELECT nle_id FROM has WHERE is_in GROUP BY nle_id HAVING max(amount) = 0))
                AS nles_without_capacity,
            (SELECT count(*) FROM candidate) AS pairs, (SELECT count(*) FROM claimed) AS matched_pairs
        FROM everybody
    ) UNPIVOT (value FOR name IN (COLUMNS(*)))
), source AS (
    SELECT coalesce(need_source, CASE WHEN coalesce(need_leadership, need_governance, need_finance) IS NULL
        THEN 'unknown' ELSE 'assessed' END) AS source
    FROM recipient
), of_resource AS (
    SELECT h.resource, sum(h.amount) FILTER (h.is_in) / 1e6 AS available, coalesce(sum(u.amount), 0) / 1e6 AS used
    FROM has AS h LEFT JOIN used AS u USING (nle_id, resource) GROUP BY h.resource
), multiplied AS (
    SELECT resource, sum(CAST(amount_read AS DOUBLE) * multiply) FILTER (is_known) / 1e12 AS asked,
        sum(multiplied_amount) FILTER (is_known) / 1e6 AS given
    FROM capacity WHERE multiply <> 1000000 GROUP BY resource
)
SELECT 'figures', 'scenario', NULL, name FROM settings
UNION ALL SELECT 'figures', 'rule', NULL, rule FROM settings
UNION ALL SELECT 'figures', 'status', NULL, 'completed' FROM settings
    WHERE NOT proves AND status_published() NOT IN ('infeasible', 'unknown')
UNION ALL SELECT 'figures', 'metrics.' || name, value, NULL FROM metric
UNION ALL SELECT 'figures', 'counts.' || name, NULL, CAST(value AS VARCHAR) FROM counted
UNION ALL SELECT 'figures', 'needs.' || s, NULL, (SELECT CAST(count(*) AS VARCHAR) FROM source WHERE source = s)
    FROM unnest(['assessed', 'proxy', 'unknown']) AS words(s)
UNION ALL SELECT 'figures', 'capacity.' || resource || '.available', coalesce(available, 0), NULL FROM of_resource
UNION ALL SELECT 'figures', 'capacity.' || resource || '.used', used, NULL FROM of_resource
UNION ALL SELECT 'figures', 'capacity.' || resource || '.asked', coalesce(asked, 0), NULL FROM multiplied
UNION ALL SELECT 'figures', 'capacity.' || resource || '.given', coalesce(given, 0), NULL FROM multiplied;
