-- Stage 8. What we give against what is published: a finding each where they differ.

-- Rows that should be there and are not, or are there and should not be, or stand twice. Every school and every trust
-- that is formed stands once: in exclusions.csv, in unmatched.csv, or in allocation.csv.
CREATE TABLE published_row AS
SELECT table_name, key, count(DISTINCT line) AS times, min(line) AS line FROM published GROUP BY ALL;

INSERT INTO findings
SELECT any_value(o.stage), o.table_name || '.csv', array_to_string(o.key, ', '), NULL, 'a row', NULL
FROM ours AS o LEFT JOIN published_row AS p USING (table_name, key) WHERE p.key IS NULL GROUP BY o.table_name, o.key;

INSERT INTO findings
SELECT 'pairs', 'allocation.csv', array_to_string(p.key, ', '), NULL, CASE
        WHEN p.key[1] NOT IN (SELECT school_id FROM recipient) THEN 'no such recipient'
        WHEN p.key[2] NOT IN (SELECT nle_id FROM nles) THEN 'no such NLE'
        WHEN p.key[2] NOT IN (SELECT nle_id FROM nle_side) THEN 'the NLE is out'
        ELSE 'no candidate: ' || f.filter END, 'a row'
FROM published_row AS p
ANTI JOIN matched AS m ON m.school_id = p.key[1] AND m.nle_id = p.key[2]
LEFT JOIN (
    SELECT school_id, nle_id, coalesce(j.stopped_by, r.stopped_by) AS stopped_by
    FROM claimed JOIN reaching AS r USING (school_id, nle_id) LEFT JOIN judged AS j USING (school_id, nle_id)
) AS s ON s.school_id = p.key[1] AND s.nle_id = p.key[2]
LEFT JOIN filters AS f ON f.rank = s.stopped_by
WHERE p.table_name = 'allocation'
UNION ALL
SELECT CASE p.table_name WHEN 'exclusions' THEN 'eligibility' WHEN 'nles' THEN 'supply' WHEN 'unmatched' THEN 'reasons'
    ELSE 'figures' END, p.table_name || '.csv', array_to_string(p.key, ', '), NULL, NULL, 'a row'
FROM published_row AS p LEFT JOIN (SELECT DISTINCT table_name, key FROM ours) AS o USING (table_name, key)
WHERE o.key IS NULL AND p.table_name <> 'allocation'
UNION ALL
SELECT 'rows', table_name || '.csv', array_to_string(key, ', '), NULL, 'one row', times || ' rows'
FROM published_row WHERE times > 1;

-- Rows stand in the order of their identifiers.
INSERT INTO findings
SELECT 'rows', table_name || '.csv', array_to_string(key, ', '), NULL, 'rows in order', 'line ' || line
FROM (
    SELECT DISTINCT table_name, key, line, lag(key) OVER (PARTITION BY table_name ORDER BY line) > key AS is_late
    FROM (SELECT DISTINCT table_name, key, line FROM published WHERE table_name <> 'breakdown')
) WHERE is_late;

-- Cells.
INSERT INTO findings
SELECT o.stage, o.table_name || '.csv', array_to_string(o.key, ', '), o.column_name, coalesce(o.cell, ''), p.cell
FROM ours AS o JOIN published_row USING (table_name, key)
LEFT JOIN published AS p ON p.table_name = o.table_name AND p.key = o.key AND p.column_name = o.column_name
WHERE p.cell IS DISTINCT FROM coalesce(o.cell, '') AND o.column_name <> '';

-- Figures of the summary: whole numbers and words exactly, others but for the last digits of a DOUBLE.
INSERT INTO findings
SELECT f.stage, 'summary.json', f.place, NULL, coalesce(f.exact, CAST(f.near AS VARCHAR)), s.value
FROM figures AS f LEFT JOIN summary AS s USING (place)
WHERE CASE WHEN f.exact IS NOT NULL THEN s.value IS DISTINCT FROM f.exact
    WHEN f.near IS NULL OR s.value IS NULL THEN (f.near IS NULL) <> (s.value IS NULL)
    ELSE coalesce(abs(TRY_CAST(s.value AS DOUBLE) - f.near)
        > 1e-9 * greatest(abs(f.near), abs(TRY_CAST(s.value AS DOUBLE))), true) END;

-- Inputs of which nothing may be claimed, as a run must refuse them.
INSERT INTO findings
SELECT 'inputs', said[1], said[2], NULL, said[3], 'a result' FROM (
    SELECT unnest([
        (SELECT ['schools.csv', min(school_id), 'a trust that is formed has the identifier of a row'] FROM admitted
            WHERE is_formed AND school_id IN (SELECT school_id FROM schools)),
        (SELECT ['schools.csv', min(school_id), 'both a trust and a school of it are recipients'] FROM admitted
            WHERE kind = 'trust' AND NOT is_formed AND school_id IN (SELECT trust_id FROM admitted
                WHERE coalesce(kind, 'school') <> 'trust')),
        (SELECT ['schools.csv', min(n.school_id), 'a need or expertise is not known, which is an error']
            FROM judged AS n CROSS JOIN settings AS setting WHERE n.stopped_by = 15 AND setting.unknown = 'error'),
        (SELECT ['schools.csv', min(r.school_id), 'fits that are shares of one need do not add up'] FROM candidate AS c
            JOIN recipient AS r USING (school_id) CROSS JOIN settings AS setting
            WHERE r.supporters > 1 AND NOT c.is_fit_told AND setting.measure IN ('need-met', 'weakest-area')),
        (SELECT ['schools.csv', min(school_id), 'nothing says how much a possible pair takes'] FROM uses
            WHERE amount IS NULL),
        (SELECT ['current.csv', min(t.school_id), 'nothing says how much a pair took'] FROM taken AS t
            JOIN nle_side USING (nle_id) WHERE t.amount IS NULL)]) AS said
) WHERE said[2] IS NOT NULL;

-- What the statements do not read, so that nothing is passed over in silence; and columns that no run gives.
INSERT INTO findings
SELECT DISTINCT 'not read in SQL', p.table_name || '.csv', NULL, p.column_name, NULL, NULL
FROM published AS p JOIN unread AS u USING (table_name, column_name)
UNION ALL
SELECT 'not read in SQL', table_name, NULL, column_name, NULL, NULL FROM unread WHERE is_more
UNION ALL
SELECT DISTINCT 'rows', p.table_name || '.csv', NULL, p.column_name, NULL, 'a column'
FROM published AS p
ANTI JOIN unread AS u USING (table_name, column_name) ANTI JOIN ours AS o USING (table_name, column_name)
WHERE p.table_name IN (SELECT table_name FROM ours);

FROM findings ORDER BY ALL;
