"""Settings of the unit tests: the same examples in every run, and no deadline on a busy machine."""

import matplotlib as mpl
import torch
from hypothesis import settings

mpl.use("Agg")
torch.set_num_threads(1)
settings.register_profile("book", deadline=None, derandomize=True, database=None, max_examples=50)
settings.load_profile("book")
