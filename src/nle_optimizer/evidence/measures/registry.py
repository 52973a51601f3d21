"""Every metric by family."""

from nle_optimizer.evidence.measures.aims import AIMS
from nle_optimizer.evidence.measures.fits import FITS
from nle_optimizer.evidence.measures.journeys import JOURNEYS
from nle_optimizer.evidence.measures.load import LOAD
from nle_optimizer.evidence.measures.measured import Measured
from nle_optimizer.evidence.measures.metric import Figure
from nle_optimizer.evidence.measures.reach import REACH
from nle_optimizer.evidence.measures.wishes import WISHES

METRICS = (*AIMS, *REACH, *FITS, *WISHES, *JOURNEYS, *LOAD)


def figures_of(measured: Measured) -> dict[str, Figure]:
    """Every figure of an allocation by name."""
    return {name: value for metric in METRICS for name, value in metric.figures(measured).items()}
