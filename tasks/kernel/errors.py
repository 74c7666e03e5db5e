"""One error tree: every failure that a user can mend is a PipelineError that says how.

Members also subclass the standard error that they refine, so callers may catch either.
"""


class PipelineError(Exception):
    """A failure with a message that names the file or field, what is wrong and what to do."""


class ConfigError(PipelineError, ValueError):
    """A configuration that cannot be used as written."""


class UnsupportedError(PipelineError, NotImplementedError):
    """A valid request that a stage cannot serve yet; the message says what to use meanwhile."""


class DocumentError(PipelineError, ValueError):
    """A source document or data set that yields nothing to work with."""


class DataError(PipelineError, ValueError):
    """Records that are missing, malformed or too few."""


class ModelError(PipelineError, OSError):
    """A model that is missing or cannot be loaded."""


class StoreError(PipelineError, OSError):
    """An artifact that cannot be published, found or verified."""


class StageError(PipelineError, RuntimeError):
    """A stage whose child process failed, hung or was killed, or whose result misses a bar that was set."""


class ServiceError(PipelineError, ConnectionError):
    """A local service that cannot be started or reached."""
