-- Stage 3. How far recipients and NLEs are apart, and which filter keeps a pair apart.

-- The weights of the three areas as the smallest whole numbers in the same proportion, at most 10^6 each.
CREATE TABLE weights AS
WITH divisor AS (SELECT gcd(gcd(weight_leadership, weight_governance), weight_finance) AS d FROM settings)
SELECT weight_leadership // d AS leadership, weight_governance // d AS governance, weight_finance // d AS finance,
    leadership + governance + finance AS total
FROM settings CROSS JOIN divisor;

-- What a limit in metres is for squares of straight lines: the greatest square whose root, times the detour factor, is
-- within it; 2^62, beyond which there is no square here, where there is no limit. (Micrometres are at most 10^14, and
-- millionths 10^15.)
CREATE MACRO square_within(micrometres, factor) AS
    CAST(least(CAST(micrometres AS HUGEINT) * micrometres // (CAST(factor AS HUGEINT) * factor), 4611686018427387904)
        AS BIGINT);

-- The recipients as far as pairs rest on them. A place is both coordinates or none. A need that is not known counts as
-- the value of `unknown` where that is one and the area has a weight. How far: the limit of its region, else of any.
CREATE TABLE recipient_side AS
SELECT r.school_id, r.is_formed, r.supporters, r.rule,
    CASE WHEN r.northing IS NOT NULL THEN r.easting END AS easting,
    CASE WHEN r.easting IS NOT NULL THEN r.northing END AS northing,
    r.phase, folded(r.faith) AS faith, folded(r.diocese) AS diocese,
    folded(r.region) AS region, folded(r.local_authority) AS local_authority,
    CASE setting.within WHEN 'region' THEN folded(r.region)
        WHEN 'local_authority' THEN folded(r.local_authority) END AS area,
    r.trust_id, CASE WHEN r.kind = 'trust' THEN r.school_id END AS is_trust_id,
    coalesce(l.millimetres, d.millimetres) // 1000 AS most_metres,
    square_within(coalesce(l.millimetres, d.millimetres) * 1000, setting.detour_factor) AS most_square,
    coalesce(r.need_leadership, CASE WHEN w.leadership > 0 THEN setting.unknown_value END) AS need_leadership,
    coalesce(r.need_governance, CASE WHEN w.governance > 0 THEN setting.unknown_value END) AS need_governance,
    coalesce(r.need_finance, CASE WHEN w.finance > 0 THEN setting.unknown_value END) AS need_finance
FROM recipient AS r CROSS JOIN settings AS setting CROSS JOIN weights AS w
LEFT JOIN distance_limits AS l ON l.region = folded(r.region)
LEFT JOIN distance_limits AS d ON d.region IS NULL;

-- The NLEs that are in, likewise. A trust that the home school is in is theirs too.
CREATE TABLE nle_side AS
SELECT n.nle_id,
    CASE WHEN n.northing IS NOT NULL THEN n.easting END AS easting,
    CASE WHEN n.easting IS NOT NULL THEN n.northing END AS northing,
    n.phases, folded_all(n.faiths) AS faiths, folded(n.diocese) AS diocese, folded_all(n.regions) AS regions,
    folded(n.region) AS region, folded(n.local_authority) AS local_authority,
    CASE setting.within WHEN 'region' THEN folded(n.region)
        WHEN 'local_authority' THEN folded(n.local_authority) END AS area,
    n.trust_id, n.home_school_id,
    (SELECT s.trust_id FROM schools AS s WHERE s.school_id = n.home_school_id) AS home_trust_id,
    n.max_distance_km AS most_metres,
    square_within(n.max_distance_km * 1000000, setting.detour_factor) AS most_square,
    coalesce(n.expertise_leadership, CASE WHEN w.leadership > 0 THEN setting.unknown_value END) AS skill_leadership,
    coalesce(n.expertise_governance, CASE WHEN w.governance > 0 THEN setting.unknown_value END) AS skill_governance,
    coalesce(n.expertise_finance, CASE WHEN w.finance > 0 THEN setting.unknown_value END) AS skill_finance
FROM nle AS n CROSS JOIN settings AS setting CROSS JOIN weights AS w
WHERE n.out_reason IS NULL;

-- The filters in order, and whether each is a limit: agreed pairs pass limits, and stop at the others.
CREATE TABLE filters AS
SELECT * FROM (VALUES
    (0, 'no-nle', false), (1, 'not-listed', true), (2, 'no-place', false), (3, 'too-far', true), (4, 'too-near', true),
    (5, 'travel-time', true), (6, 'other-area', true), (7, 'phase', true), (8, 'faith', true), (9, 'diocese', true),
    (10, 'home-school', false), (11, 'own-trust', false), (12, 'same-authority', true), (13, 'declared', false),
    (14, 'forbidden', false), (15, 'unknown-fit', false), (16, 'no-need-met', false), (17, 'fit-below-minimum', true)
) AS f(rank, filter, is_limit);

-- A school's phase is met where either side leaves it open, where the NLE works in it, and by way of all-through.
CREATE MACRO phase_is_met(wanted, offered) AS coalesce(CASE WHEN wanted = 'all-through'
        THEN list_has_any(offered, ['all-through', 'primary', 'secondary'])
        ELSE list_contains(offered, wanted)
            OR wanted IN ('primary', 'secondary') AND list_contains(offered, 'all-through') END, true);

-- Every pair of a recipient and an NLE that is in. The pairs table may say its distance, time, fit and relations.
-- Coordinates are at most 10^9 metres, so that a square is below 2^63.
CREATE VIEW every_pair AS
SELECT r.school_id, n.nle_id,
    (r.easting - n.easting) * (r.easting - n.easting) + (r.northing - n.northing) * (r.northing - n.northing) AS square,
    p.nle_id IS NOT NULL AS is_listed, p.distance_km AS told_metres, p.travel_minutes, p.fit AS told_fit, p.relation,
    a.nle_id IS NOT NULL AS is_agreed,
    least(r.most_metres, n.most_metres) AS limit_metres, least(r.most_square, n.most_square) AS limit_square
FROM recipient_side AS r CROSS JOIN nle_side AS n
LEFT JOIN pairs AS p ON p.nle_id = n.nle_id AND p.school_id = r.school_id
LEFT JOIN agreed AS a ON a.nle_id = n.nle_id AND a.school_id = r.school_id;

-- Filters on who is listed and how far: a distance that is told is compared in whole metres, a straight line by its
-- square, so that nothing is rounded. A pair without a distance is stopped where a limit or an objective needs one.
CREATE VIEW reaching AS
SELECT e.*, CASE
        WHEN setting.only_listed AND NOT is_listed AND NOT is_agreed THEN 1
        WHEN square IS NULL AND told_metres IS NULL
            AND (setting.least_distance > 0 OR setting.uses_distance OR limit_metres IS NOT NULL) THEN 2
        WHEN NOT is_agreed AND CASE WHEN told_metres IS NOT NULL THEN told_metres > limit_metres
            ELSE square > limit_square END THEN 3
    END AS stopped_by
FROM every_pair AS e CROSS JOIN settings AS setting;

CREATE TABLE within_reach AS SELECT * EXCLUDE (stopped_by) FROM reaching WHERE stopped_by IS NULL;

-- The other filters but those on needs, each on its own: true where it stops the pair, whatever else does. NULL stops
-- nothing.
CREATE VIEW stopping AS
SELECT e.*, r.phase, r.faith, r.diocese, r.region, n.phases, n.faiths, n.diocese AS nle_diocese, n.region AS nle_region,
    r.need_leadership, r.need_governance, r.need_finance, n.skill_leadership, n.skill_governance, n.skill_finance,
    setting.least_distance > 0 AND CASE WHEN told_metres IS NOT NULL THEN told_metres * 1000 < setting.least_distance
        ELSE CAST(square AS HUGEINT) * setting.detour_factor * setting.detour_factor
            < CAST(setting.least_distance AS HUGEINT) * setting.least_distance * 1000000 END AS stops_too_near,
    setting.most_minutes IS NOT NULL AND coalesce(travel_minutes > setting.most_minutes, true) AS stops_travel_time,
    regions IS NOT NULL AND NOT coalesce(list_contains(regions, r.region), false)
        OR setting.within <> 'none' AND NOT coalesce(r.area = n.area, false) AS stops_other_area,
    setting.phase = 'must' AND NOT phase_is_met(r.phase, phases) AS stops_phase,
    setting.faith = 'must' AND NOT list_contains(faiths, r.faith) AS stops_faith,
    setting.diocese = 'must' AND r.diocese <> n.diocese AS stops_diocese,
    setting.home_school AND (school_id = home_school_id
        OR is_trust_id IS NOT NULL AND (r.trust_id = home_trust_id OR is_trust_id = home_trust_id))
        AS stops_home_school,
    setting.own_trust AND (r.trust_id = n.trust_id OR is_trust_id = n.trust_id) AS stops_own_trust,
    setting.same_authority AND r.local_authority = n.local_authority AS stops_same_authority,
    setting.declared AND list_has_any(relation, ['conflict', 'objects']) AS stops_declared,
    list_contains(relation, 'forbid') AS stops_forbidden
FROM within_reach AS e JOIN recipient_side AS r USING (school_id) JOIN nle_side AS n USING (nle_id)
CROSS JOIN settings AS setting;
