"""The example: twelve made-up schools, five made-up NLEs, two made-up trusts."""

SCENARIO = """\
# A small example to edit. Every school, trust and NLE in it is made up.
#   check it:  nle-optimizer validate scenario.yaml
#   run it:    nle-optimizer run scenario.yaml --out my-first-run
# Every setting has a default; `nle-optimizer schema` lists them all.
schema: 1
name: example
title: A small example
as_of: 2022-09-01                     # inspections, joins and waiting count up to this day

data:                                 # CSV or XLSX, paths from this file's folder
  schools: schools.csv
  nles: nles.csv
  trusts: trusts.csv
  # Your own column names? {file: schools.csv, columns: {school_id: URN, name: EstablishmentName}}

eligibility:
  policy: two-below-good-2022         # `nle-optimizer policies` lists them; or rules of your own

trust_first:                          # schools matched with a high-quality trust leave before any NLE is considered
  mode: optimise
  high_quality: {min_inspected: 5, min_share_good: 0.8}    # a declared proxy; yes or no in the trusts table beats it
  max_distance_km: 30

geography:
  max_distance_km: 60                 # in a straight line; an NLE's own limit counts too

suitability:
  phase: must                         # a primary school needs an NLE who knows primary schools
  faith: prefer                       # same faith is worth a little

objectives:
  # A kilometre costs 0.002 of fit: 50 km farther must buy a tenth more of the need met.
  - {blend: {fit: 1, distance_km: -0.002}}

overrides:                            # nle-optimizer run scenario.yaml --scenario nearer
  nearer: {geography.max_distance_km: 30}
  more-places: {capacity.multiply.placements: 1.5}

seed: 0                               # of the lottery that settles ties
"""

SCHOOLS = """\
school_id,name,easting,northing,region,local_authority,phase,faith,trust_id,trust_joined,latest_grade,latest_inspected,previous_grade,previous_inspected,arrived,need_leadership,need_governance,need_finance,need_source
E001,Example Ash Primary,430100,433900,Yorkshire and the Humber,Leeds,primary,,,,3,2022-03-08,3,2018-05-01,2022-05-02,high,medium,low,assessed
E002,Example Beech Primary,427400,435200,Yorkshire and the Humber,Leeds,primary,Church of England,,,4,2021-11-16,3,2017-09-19,2022-01-10,high,high,medium,assessed
E003,Example Cedar High,416300,432700,Yorkshire and the Humber,Bradford,secondary,,,,3,2022-01-25,4,2018-02-06,2022-03-14,medium,0.8,0.9,assessed
E004,Example Damson Primary,414800,434600,Yorkshire and the Humber,Bradford,primary,Roman Catholic,T2,2021-04-01,3,2021-10-05,3,2017-11-14,2021-12-01,0.6,0.4,none,assessed
E005,Example Elm Academy,407900,425300,Yorkshire and the Humber,Calderdale,all-through,,,,4,2022-05-17,4,2019-01-22,2022-07-04,high,high,high,assessed
E006,Example Fir Primary,433500,420700,Yorkshire and the Humber,Wakefield,primary,,,,3,2022-02-01,3,2018-10-09,2022-04-19,low,medium,high,assessed
E007,Example Gorse High,438600,421900,Yorkshire and the Humber,Wakefield,secondary,,,,2,2022-03-29,3,2018-06-12,2022-04-04,medium,low,low,assessed
E008,Example Hazel School,429900,431000,Yorkshire and the Humber,Leeds,special,,,,3,2021-12-07,3,2018-03-20,2022-02-14,0.7,0.2,0.5,assessed
E009,Example Iris Primary,455800,452300,Yorkshire and the Humber,York,primary,,,,3,2022-06-14,,,2022-07-11,medium,medium,medium,assessed
E010,Example Juniper Primary,500700,431200,Yorkshire and the Humber,"Kingston upon Hull, City of",primary,,,,4,2022-04-26,3,2018-07-03,2022-06-06,high,low,medium,assessed
E011,Example Kale High,448300,388500,Yorkshire and the Humber,Rotherham,secondary,,,,3,2021-09-28,3,2017-06-13,2021-11-08,high,medium,medium,assessed
E012,Example Lime Primary,432800,434800,Yorkshire and the Humber,Leeds,primary,,T1,2019-09-01,1,2022-03-15,2,2017-03-07,,,,,
"""

NLES = """\
nle_id,name,kind,status,home_school_id,home_grade,easting,northing,region,local_authority,trust_id,phases,faiths,expertise_leadership,expertise_governance,expertise_finance,placements,max_distance_km,governors_agreed
N1,Made-up NLE One (synthetic),NLE,available,E012,1,432800,434800,Yorkshire and the Humber,Leeds,T1,primary,,high,0.9,medium,2,40,yes
N2,Made-up NLE Two (synthetic),NLE,available,,2,418200,430300,Yorkshire and the Humber,Bradford,,secondary|all-through,,0.95,medium,high,1,60,yes
N3,Made-up NLE Three (synthetic),NLE,available,,1,441200,395400,Yorkshire and the Humber,Barnsley,,primary|secondary,Church of England,0.8,high,0.6,1,,yes
N4,Made-up NLE Four (synthetic),NLE,paused,,2,460200,451800,Yorkshire and the Humber,York,,primary,,high,high,high,2,80,yes
N5,Made-up NLE Five (synthetic),NLE,available,,1,428700,428200,Yorkshire and the Humber,Kirklees,,special|primary,,medium,0.7,0.9,1,50,yes
"""

TRUSTS = """\
trust_id,name,easting,northing,region,phases,faiths,inspected,share_good,high_quality,capacity
T1,Example Orchard Trust,432000,433000,Yorkshire and the Humber,primary,,8,0.875,,1
T2,Example Meadow Trust,415000,434000,Yorkshire and the Humber,primary|secondary,Roman Catholic,6,0.5,,2
"""

TABLES = {"schools": SCHOOLS, "nles": NLES, "trusts": TRUSTS}
