"""Generate: Corpus -> QADataset."""

from tasks.artifacts import Corpus, QADataset
from tasks.generate.config import GenerateConfig
from tasks.job import Job
from tasks.stage import accelerated_stage


@accelerated_stage
def generate_qa(
    domain: str,  # noqa: ARG001  # names the task
    corpus: Corpus,
    config: GenerateConfig,
) -> Job[QADataset]:
    """Let the teacher write questions to the passages, filter them and split them."""
    teacher = config.teacher.model
    models = {} if teacher is None else {"teacher": teacher}
    return Job(QADataset, config, artifacts={"corpus": corpus}, models=models)
