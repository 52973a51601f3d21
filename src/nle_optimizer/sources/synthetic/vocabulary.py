"""The closed lists that the figures, the draws and the tables of synthetic England share."""

FAITHS = ("", "Church of England", "Roman Catholic", "Christian", "Jewish", "Muslim", "Sikh", "Hindu")
"""Religious characters; the empty one stands for none. Denominations with few schools count as Christian."""
RECORDS = ("grade_1", "grade_2", "grade_3", "grade_4", "twice_3", "twice_4", "ungraded")
"""What Ofsted said of a school: the latest overall grade, and whether the one before was below Good too."""
LATEST_GRADE = (1, 2, 3, 4, 3, 4, 0)
"""Latest overall grade of each record; 0 stands for none."""
TWICE_BELOW_GOOD = (RECORDS.index("twice_3"), RECORDS.index("twice_4"))
SOURCE = (
    "Contains public sector information licensed under the Open Government Licence v3.0 "
    "(Department for Education, Ofsted)"
)
