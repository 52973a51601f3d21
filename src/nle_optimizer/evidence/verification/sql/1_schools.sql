-- Stage 1. Who may be matched with an NLE, and where everybody else leaves.

-- The schools as they stood on the day `as_of`: what happened later has not happened. A later inspection gives way to
-- the one before it, with its grade; grades of single areas, which are those of the latest inspection, are then not
-- known. A trust that was joined later is none yet. Without as_of the table stands as it is.
CREATE TABLE stood AS
WITH school AS (
    SELECT s.*, setting.as_of,
        coalesce(s.latest_inspected > setting.as_of, false) AS is_later,
        is_later AND coalesce(s.previous_inspected > setting.as_of, false) AS are_both_later,
        coalesce(s.trust_joined > setting.as_of, false) AS joined_later,
        CASE WHEN s.left_out IS NOT NULL THEN s.left_out
            WHEN starts_with(folded(s.establishment_status), 'closed') THEN 'closed'
            ELSE (SELECT t.reason FROM statuses AS t WHERE t.status = folded(s.establishment_status))
        END AS listing_reason
    FROM schools AS s CROSS JOIN settings AS setting
), then_known AS (
    SELECT * EXCLUDE (is_later, are_both_later, joined_later) REPLACE (
        CASE WHEN are_both_later THEN NULL WHEN is_later THEN previous_grade ELSE latest_grade END AS latest_grade,
        CASE WHEN are_both_later THEN NULL WHEN is_later THEN previous_inspected ELSE latest_inspected END
            AS latest_inspected,
        CASE WHEN NOT is_later THEN previous_grade END AS previous_grade,
        CASE WHEN NOT is_later THEN previous_inspected END AS previous_inspected,
        CASE WHEN is_later AND inspections IS NOT NULL
            THEN greatest(inspections - 1 - CAST(are_both_later AS BIGINT), 0) ELSE inspections END AS inspections,
        CASE WHEN NOT is_later THEN leadership_grade END AS leadership_grade,
        CASE WHEN NOT is_later THEN education_grade END AS education_grade,
        CASE WHEN NOT is_later THEN best_grade_since_2005 END AS best_grade_since_2005,
        CASE WHEN NOT joined_later THEN trust_id END AS trust_id,
        CASE WHEN NOT joined_later THEN trust_joined END AS trust_joined)
    FROM school
), record AS (
    -- What a trust has on record: its schools that it has held for three years and that were inspected since they
    -- joined; how many of them are below Good (3 or 4), and whether more of them fell than rose.
    SELECT trust_id,
        count(*) AS held,
        count(*) FILTER (latest_grade >= 3) AS below_good,
        coalesce(sum(sign(latest_grade - previous_grade)), 0) AS fallen
    FROM then_known
    WHERE listing_reason IS NULL AND coalesce(kind, 'school') <> 'trust' AND latest_inspected >= trust_joined
        AND trust_joined <= as_of - INTERVAL 3 YEAR
    GROUP BY trust_id
)
SELECT k.*,
    k.as_of - k.latest_inspected AS days_since_inspection,
    k.as_of - k.arrived AS days_waiting,
    k.trust_id IS NULL OR k.trust_joined <= k.previous_inspected AS same_structure,
    CASE WHEN k.trust_id IS NOT NULL AND k.as_of IS NOT NULL THEN coalesce(r.held, 0) END AS trust_long_held,
    r.below_good * 1000000 // r.held AS trust_share_below_good,
    r.fallen > 0 AS trust_declining
FROM then_known AS k LEFT JOIN record AS r USING (trust_id);

-- Schools and trusts whose support is over: one of their pairs is finished, and none of the others still stands.
CREATE TABLE support_finished AS
SELECT school_id FROM current GROUP BY school_id
HAVING bool_or(coalesce(state = 'finished', false))
    AND bool_and(coalesce(state IN ('finished', 'stopped', 'reopened'), false));

-- Each school with the first rule of eligibility that holds for it, and where it leaves: at the listing; because it is
-- a trust where only schools receive support; because it came after the day; because no rule holds, which cannot be
-- told where a blank leaves one open; or because a high-quality trust takes it. Which schools a trust takes is given by
-- the schools table; where they are matched with trusts here, it is taken from exclusions.csv.
CREATE TABLE entry AS
WITH rule_of AS (
    SELECT s.school_id,
        min(r.rule) FILTER (rule_holds(r.rule, s)) AS rule,
        bool_or(rule_holds(r.rule, s) IS NULL) AS is_open
    FROM stood AS s CROSS JOIN rules AS r GROUP BY s.school_id
), eligible AS (
    SELECT s.*, r.rule,
        CASE WHEN s.listing_reason IS NOT NULL THEN ['listing', s.listing_reason]
            WHEN s.school_id IN (SELECT school_id FROM support_finished) THEN ['listing', 'support-finished']
            WHEN setting.recipients = 'school' AND s.kind = 'trust' THEN ['eligibility', 'trust-not-a-recipient']
            WHEN s.arrived > setting.as_of THEN ['eligibility', 'not-yet-arrived']
            WHEN r.school_id IS NOT NULL AND r.rule IS NULL
                THEN ['eligibility', CASE WHEN r.is_open THEN 'cannot-tell' ELSE 'not-eligible' END]
        END AS exit
    FROM stood AS s CROSS JOIN settings AS setting LEFT JOIN rule_of AS r USING (school_id)
), mode AS (
    SELECT *, coalesce(trust_first, CASE WHEN EXISTS (FROM schools WHERE matched_trust_id IS NOT NULL) THEN 'given'
        ELSE 'off' END) AS mode
    FROM settings
)
SELECT e.* EXCLUDE (exit),
    mode.mode <> 'off' AND e.matched_trust_id IS NOT NULL
        AND list_contains(mode.counts_as_matched, coalesce(e.trust_decision, 'proposed')) AS is_given_to_trust,
    coalesce(e.exit, CASE
        WHEN is_given_to_trust THEN ['trust-first', 'matched-to-trust']
        WHEN mode.mode = 'optimise' AND coalesce(e.kind, 'school') <> 'trust'
            AND (mode.already_in_trust <> 'skip' OR e.trust_id IS NULL) AND qualifies(e)
            AND e.school_id IN (SELECT key[1] FROM published
                WHERE table_name = 'exclusions' AND column_name = 'stage' AND cell = 'trust-first')
            THEN ['trust-first', 'matched-to-trust']
    END) AS exit
FROM eligible AS e CROSS JOIN mode;

-- Recipients before their needs are asked: the schools and trusts that are still in. A school is in the trust that the
-- table names, whenever it joined; its priority is its own, else its rule's. Where trusts receive, one trust stands
-- for all its schools that are still in.
CREATE TABLE admitted AS
WITH own AS (
    SELECT e.* REPLACE (
        (SELECT s.trust_id FROM schools AS s WHERE s.school_id = e.school_id) AS trust_id,
        coalesce(e.priority, (SELECT r.priority FROM rules AS r WHERE r.rule = e.rule)) AS priority)
    FROM entry AS e WHERE e.exit IS NULL
), listed AS (
    SELECT o.*, setting.recipients = 'trust' AND coalesce(o.kind, 'school') <> 'trust' AND o.trust_id IS NOT NULL
        AS is_served_by_trust
    FROM own AS o CROSS JOIN settings AS setting
), member AS (
    SELECT *, coalesce(need_source, CASE WHEN coalesce(need_leadership, need_governance, need_finance) IS NOT NULL
        THEN 'assessed' ELSE 'unknown' END) AS source
    FROM listed WHERE is_served_by_trust
), commonest AS (
    -- The region and the local authority of most schools; of several, the first in order.
    SELECT trust_id,
        (SELECT m.region FROM member AS m WHERE m.trust_id = t.trust_id AND m.region IS NOT NULL
            GROUP BY m.region ORDER BY count(*) DESC, m.region LIMIT 1) AS region,
        (SELECT m.local_authority FROM member AS m WHERE m.trust_id = t.trust_id AND m.local_authority IS NOT NULL
            GROUP BY m.local_authority ORDER BY count(*) DESC, m.local_authority LIMIT 1) AS local_authority
    FROM (SELECT DISTINCT trust_id FROM member) AS t
), formed AS (
    -- Its place is the middle of its schools'; phase, faith and diocese are those of all of them, or none. A need is
    -- the mean of those that are given, weighted by pupils where every school has their number.
    SELECT trust_id,
        half_up_signed(sum(easting) FILTER (northing IS NOT NULL),
            nullif(count(easting) FILTER (northing IS NOT NULL), 0)) AS easting,
        half_up_signed(sum(northing) FILTER (easting IS NOT NULL),
            nullif(count(northing) FILTER (easting IS NOT NULL), 0)) AS northing,
        CASE WHEN count(phase) = count(*) AND min(phase) = max(phase) THEN min(phase) END AS phase,
        CASE WHEN count(faith) = count(*) AND min(faith) = max(faith) THEN min(faith) END AS faith,
        CASE WHEN count(diocese) = count(*) AND min(diocese) = max(diocese) THEN min(diocese) END AS diocese,
        CASE WHEN count(pupils) = count(*) THEN sum(pupils) END AS pupils,
        min(priority) AS priority, min(arrived) AS arrived, min(rule) AS rule, any_value(as_of) AS as_of,
        mean_need(need_leadership, pupils) AS need_leadership,
        mean_need(need_governance, pupils) AS need_governance,
        mean_need(need_finance, pupils) AS need_finance,
        CASE WHEN min(source) = max(source) THEN min(source) ELSE 'proxy' END AS need_source
    FROM member GROUP BY trust_id
)
SELECT * EXCLUDE (is_served_by_trust), false AS is_formed FROM listed WHERE NOT is_served_by_trust
UNION ALL BY NAME
SELECT f.* EXCLUDE (as_of), f.as_of, f.trust_id AS school_id, coalesce(t.name, f.trust_id) AS name, 'trust' AS kind,
    c.region, c.local_authority, 1 AS supporters, f.as_of - f.arrived AS days_waiting, true AS is_formed
FROM formed AS f JOIN commonest AS c USING (trust_id) LEFT JOIN trusts AS t USING (trust_id);

-- Whose needs let them be matched. A recipient with a fit in the pairs table needs no needs. An area counts where its
-- weight is above 0.
CREATE TABLE needing AS
WITH need AS (
    SELECT a.*, setting.governance_only, setting.unknown,
        a.school_id IN (SELECT school_id FROM pairs WHERE fit IS NOT NULL) AS has_listed_fit,
        CASE WHEN setting.weight_leadership > 0 THEN a.need_leadership ELSE 0 END AS of_leadership,
        CASE WHEN setting.weight_governance > 0 THEN a.need_governance ELSE 0 END AS of_governance,
        CASE WHEN setting.weight_finance > 0 THEN a.need_finance ELSE 0 END AS of_finance
    FROM admitted AS a CROSS JOIN settings AS setting
)
SELECT * EXCLUDE (governance_only, unknown, has_listed_fit, of_leadership, of_governance, of_finance), CASE
        WHEN school_id IN (SELECT school_id FROM support_finished) THEN ['listing', 'support-finished']
        WHEN of_leadership = 0 AND of_governance = 0 AND of_finance = 0 AND NOT has_listed_fit THEN ['need', 'no-need']
        WHEN governance_only = 'signpost' AND need_governance > 0 AND need_leadership = 0 AND need_finance = 0
            THEN ['need', 'governance-only']
        WHEN unknown = 'exclude' AND NOT has_listed_fit
            AND (of_leadership IS NULL OR of_governance IS NULL OR of_finance IS NULL) THEN ['need', 'unknown-need']
    END AS needs_exit
FROM need;

CREATE TABLE recipient AS SELECT * EXCLUDE (needs_exit, exit) FROM needing WHERE needs_exit IS NULL;

-- Where everybody else left.
CREATE TABLE excluded AS
SELECT school_id, coalesce(exit, ['recipient', 'served-through-trust']) AS exit FROM entry
WHERE exit IS NOT NULL OR school_id NOT IN (SELECT school_id FROM admitted)
UNION ALL
SELECT school_id, needs_exit FROM needing WHERE needs_exit IS NOT NULL;

INSERT INTO ours
SELECT 'eligibility', 'exclusions', [school_id], 'stage', exit[1] FROM excluded
UNION ALL
SELECT 'eligibility', 'exclusions', [school_id], 'reason', exit[2] FROM excluded;
