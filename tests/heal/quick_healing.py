"""Healing of tiny models in a second: a few steps on a grid with blocks of 32."""

from tasks.heal.config import BaseHealing, ExpertHealing, HealConfig, of_base, of_expert
from tasks.models.int4 import Int4

GRID = Int4(block_size=32)
QUICK = {
    "max_steps": 12,
    "per_device_batch_size": 2,
    "learning_rate": 3e-5,
    "warmup_steps": 0,
    "final_share": 1.0,
    "validations": 3,
}


def healing_of_base(grid: Int4 = GRID, **fields: object) -> BaseHealing:
    config = HealConfig.model_validate(
        {"base": {**QUICK, "sequence_tokens": 64, "start": "rounded"}, **fields}
    )
    return of_base(config, grid)


def healing_of_expert(**fields: object) -> ExpertHealing:
    return of_expert(HealConfig.model_validate({"expert": {**QUICK, "start": "healed"}, **fields}), GRID)
