-- Stage 4. How well each pair fits, and which pairs are candidates.

-- What of each area is needed, is there, and is met, in millionths; an area without a weight counts for nothing, and a
-- blank for 0. Weighted sums are at most 3 * 10^12, and 3 * 10^18 where they are multiplied once more: below 2^63.
CREATE VIEW meeting AS
SELECT s.*,
    coalesce(need_leadership, 0) AS n1, coalesce(need_governance, 0) AS n2, coalesce(need_finance, 0) AS n3,
    coalesce(skill_leadership, 0) AS s1, coalesce(skill_governance, 0) AS s2, coalesce(skill_finance, 0) AS s3,
    w.leadership AS w1, w.governance AS w2, w.finance AS w3, w.total,
    w1 > 0 AND need_leadership IS NULL OR w2 > 0 AND need_governance IS NULL OR w3 > 0 AND need_finance IS NULL
        OR w1 > 0 AND skill_leadership IS NULL OR w2 > 0 AND skill_governance IS NULL
        OR w3 > 0 AND skill_finance IS NULL AS is_unknown,
    w1 * n1 + w2 * n2 + w3 * n3 AS needed,
    w1 * least(n1, s1) + w2 * least(n2, s2) + w3 * least(n3, s3) AS met
FROM stopping AS s CROSS JOIN weights AS w;

-- The share of one area's need that is met; NULL where there is no need, or a blank. (`least` passes over NULL.)
CREATE MACRO share_met(need, skill) AS
    CASE WHEN need > 0 AND skill IS NOT NULL THEN half_up(1000000 * least(need, skill), need) END;

-- The fit of each pair, in millionths, as the measure has it, with the bonus for each preferred property that both
-- sides fill and that agrees; a fit in the pairs table takes the place of all that.
CREATE VIEW fitting AS
SELECT m.*, coalesce(told_fit, CASE setting.measure
        WHEN 'need-met' THEN half_up(1000000 * met, greatest(needed, 1))
        WHEN 'need-covered' THEN half_up(met, total)
        WHEN 'weighted-expertise' THEN half_up(w1 * n1 * s1 + w2 * n2 * s2 + w3 * n3 * s3, greatest(needed, 1))
        WHEN 'weakest-area' THEN least(1000000,
            CASE WHEN w1 > 0 THEN share_met(n1, s1) END, CASE WHEN w2 > 0 THEN share_met(n2, s2) END,
            CASE WHEN w3 > 0 THEN share_met(n3, s3) END)
    END + setting.prefer_bonus * (
        coalesce(CAST(setting.phase = 'prefer' AND m.phase IS NOT NULL AND phases IS NOT NULL
            AND phase_is_met(m.phase, phases) AS BIGINT), 0)
        + coalesce(CAST(setting.faith = 'prefer' AND list_contains(faiths, m.faith) AS BIGINT), 0)
        + coalesce(CAST(setting.diocese = 'prefer' AND m.diocese = nle_diocese AS BIGINT), 0))) AS fit,
    told_fit IS NULL AND is_unknown AS stops_unknown_fit,
    told_fit IS NULL AND needed = 0 AS stops_no_need_met,
    fit < setting.least_fit AS stops_fit_below_minimum
FROM meeting AS m CROSS JOIN settings AS setting;

-- Every pair within reach, with the first filter that stops it; NULL: it is a candidate.
CREATE TABLE judged AS
SELECT *, CASE
        WHEN stops_too_near AND NOT is_agreed THEN 4
        WHEN stops_travel_time AND NOT is_agreed THEN 5
        WHEN stops_other_area AND NOT is_agreed THEN 6
        WHEN stops_phase AND NOT is_agreed THEN 7
        WHEN stops_faith AND NOT is_agreed THEN 8
        WHEN stops_diocese AND NOT is_agreed THEN 9
        WHEN stops_home_school THEN 10
        WHEN stops_own_trust THEN 11
        WHEN stops_same_authority AND NOT is_agreed THEN 12
        WHEN stops_declared THEN 13
        WHEN stops_forbidden THEN 14
        WHEN stops_unknown_fit THEN 15
        WHEN stops_no_need_met THEN 16
        WHEN stops_fit_below_minimum AND NOT is_agreed THEN 17
    END AS stopped_by
FROM fitting;

-- How far a pair is apart, in whole metres, halves up: as the pairs table says, else the straight line times the
-- factor. Without a factor 4 * square is below 2^63; with one 4 * factor^2 * square is HUGEINT.
CREATE MACRO metres_of(square, factor) AS CASE WHEN factor = 1000000
    THEN (root_mended(4 * square, CAST(floor(sqrt(4 * square)) AS BIGINT)) + 1) // 2
    ELSE CAST((whole_root(4 * CAST(factor AS HUGEINT) * factor * square) + 1000000) // 2000000 AS BIGINT) END;

CREATE TABLE candidate AS
SELECT nle_id, school_id, fit, limit_metres, travel_minutes, is_agreed, told_fit IS NOT NULL AS is_fit_told,
    coalesce(told_metres, metres_of(square, setting.detour_factor)) AS metres,
    share_met(need_leadership, skill_leadership) AS fit_leadership,
    share_met(need_governance, skill_governance) AS fit_governance,
    share_met(need_finance, skill_finance) AS fit_finance,
    region <> nle_region AS is_out_of_region
FROM judged CROSS JOIN settings AS setting WHERE stopped_by IS NULL;

-- Why each recipient without a candidate has none: the latest of the filters that stopped its pairs.
CREATE TABLE stopped AS
WITH without AS (
    SELECT r.school_id, max(j.stopped_by) AS stopped_by
    FROM recipient_side AS r LEFT JOIN judged AS j USING (school_id)
    WHERE r.school_id NOT IN (SELECT school_id FROM candidate) GROUP BY r.school_id
), beyond AS (
    SELECT school_id, max(stopped_by) AS stopped_by FROM reaching
    WHERE school_id IN (SELECT school_id FROM without WHERE stopped_by IS NULL) GROUP BY school_id
)
SELECT school_id, coalesce(w.stopped_by, b.stopped_by, 0) AS stopped_by
FROM without AS w LEFT JOIN beyond AS b USING (school_id);

-- What a recipient takes of each resource: as its own cell says, else its rule, else the offer to all; where the offer
-- beats the cell, the other way about. A placement is one where nothing says otherwise.
CREATE TABLE takes AS
SELECT r.school_id, e.resource, e.position,
    c.amount AS cell, coalesce(o.amount, f.amount) AS offered,
    CASE WHEN e.resource = 'placements' THEN 1000000 END AS one,
    CASE WHEN setting.offer_beats_cell THEN coalesce(offered, cell, one) ELSE coalesce(cell, offered, one) END AS amount
FROM recipient_side AS r CROSS JOIN resources AS e CROSS JOIN settings AS setting
LEFT JOIN schools_amounts AS c ON c.school_id = r.school_id AND c.resource = e.resource AND NOT r.is_formed
LEFT JOIN rule_offers AS o ON o.rule = r.rule AND o.resource = e.resource
LEFT JOIN offers AS f ON f.resource = e.resource;

-- What each candidate pair takes: as the pairs table says, else its recipient.
CREATE VIEW uses AS
SELECT c.nle_id, c.school_id, t.resource, t.position, coalesce(p.amount, t.amount) AS amount, c.is_agreed
FROM candidate AS c JOIN takes AS t USING (school_id)
LEFT JOIN pairs_amounts AS p ON p.nle_id = c.nle_id AND p.school_id = c.school_id AND p.resource = t.resource;

-- What each NLE has in the end: at least what its agreed pairs take, where the table gives so much.
CREATE TABLE has AS
SELECT c.nle_id, c.resource, c.position, c.is_known, n.out_reason IS NULL AS is_in,
    greatest(c.amount, least(CASE WHEN c.is_known THEN c.amount_read ELSE 0 END - c.amount_taken,
        coalesce(u.amount, 0))) AS amount
FROM capacity AS c JOIN nle AS n USING (nle_id)
LEFT JOIN (SELECT nle_id, resource, sum(amount) AS amount FROM uses WHERE is_agreed GROUP BY ALL) AS u
    USING (nle_id, resource);
