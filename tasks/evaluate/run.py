"""Evaluate: base, router, experts, generalist, bundles and held-out questions in, a report out.

Out: `evaluation.json` and `answers.jsonl`. Measuring and concluding are apart, so that
every conclusion is a pure function of what was measured.
"""

import logging

from tasks.evaluate.concluding.evaluation_report import evaluation
from tasks.evaluate.concluding.mlflow_metrics import flat_metrics
from tasks.evaluate.config import EvaluateConfig
from tasks.evaluate.measuring.gather import gather
from tasks.evaluate.metrics.answers import answer_records
from tasks.evaluate.metrics.chosen_metrics import load_scorer
from tasks.kernel.errors import UnsupportedError
from tasks.kernel.workspace import Inputs, Metrics, Workspace, domain_inputs
from tasks.records.evaluation import write_evaluation

LOG = logging.getLogger(__name__)


def run(inputs: Inputs, config: EvaluateConfig, work: Workspace) -> Metrics:
    """Measure every model on the held-out questions and write the report.

    Raises DataError where a domain has no test questions or no expert, or questions lack what they are
    scored by, ModelError for a model or bundle that cannot be loaded, UnsupportedError for metrics that are
    not built or cannot be used safely here, ConfigError for a metric's module that is not on this machine.
    """
    if refusals := config.refusals():
        raise UnsupportedError(" ".join(refusals))
    scorer = load_scorer(config, domain_inputs(inputs, "metric"), work.scratch)
    evidence = gather(inputs, config, work, scorer.require)
    report = evaluation(evidence, config, scorer)
    write_evaluation(work.out, report, answer_records(evidence, scorer))
    for sentence in report.findings:
        LOG.info(sentence)
    for sentence in report.warnings:
        LOG.warning(sentence)
    return flat_metrics(report)
