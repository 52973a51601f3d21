"""A decision that cannot be carried out, in words."""


class RefusedError(ValueError):
    """A change that contradicts the tables or what stands.

    Attributes:
        column: the cell of the change that is wrong.
        what: what is wrong.
        got: what was found there; None where that says nothing.
        hint: the nearest valid word, or another remedy.
    """

    def __init__(self, column: str, what: str, got: str | None = None, hint: str | None = None):
        super().__init__(what)
        self.column, self.what, self.got, self.hint = column, what, got, hint
