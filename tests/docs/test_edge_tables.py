"""The tables of what ships: every figure stands beside its bound, and losses have their intervals."""

from benchmarks.edge_tables import edge_tables, gemma_tables

LOSS = {"loss": 0.051, "interval": [0.02, 0.09], "answers": 170}
MACHINE = {"cores": 2, "processor": "a processor"}
EDGE = {
    "machine": MACHINE,
    "seeds": [42, 43],
    "drawn_adapters": 7,
    "bundle_bytes": 92_567_536,
    "perplexity_loss": 0.074,
    "decode_speedup": 3.21,
    "convert_seconds": 40.4,
    "convert_peak_memory_bytes": 2.6e9,
    "heal_base_seconds": 300.0,
    "heal_seconds": 150.0,
    "system_bytes": 105_000_000,
    "ten_experts_bytes": 140_000_000,
    "switch_ms_p95": 1.234,
    "quality": {"merged": LOSS, "shared": LOSS, "shared_beside_merged": LOSS},
}


def test_every_measured_figure_stands_beside_its_bound() -> None:
    table = edge_tables(EDGE)["edge"]
    assert "170 held-out answers, 2 seeds, 2 cores (a processor)" in table
    for row in (
        "| an expert's bundle | 92.6 MB | 95 MB |",
        "| perplexity above the float expert, all domains | +5.1 % (+2.0 to +9.0) | 5 % |",
        "| the same, worst domain | +7.4 % |  |",
        "| shared form: ten experts | 140.0 MB | 170 MB |",
        "| switch of expert, 95th percentile | 1.2 ms | 5 ms |",
    ):
        assert row in table.splitlines()


def test_both_token_tables_stand_beside_the_published_files() -> None:
    cost = {"seconds": 90.0, "peak_memory_bytes": 9e9}
    result = {
        "machine": MACHINE,
        "block_size": 128,
        "context": 1280,
        "trace": {"seconds": 180.0, "peak_memory_bytes": 12e9},
        "int8": {"bundle_bytes": 672_000_000, **cost},
        "int4": {"bundle_bytes": 521_000_000, **cost},
    }
    table = gemma_tables(result)["edge-gemma"].splitlines()
    assert "| int8 | 672.0 MB | 675 MB | 657 MB | 1.5 | 9.0 GB |" in table
    assert "| int4 | 521.0 MB | 535 MB | 529 MB | 1.5 | 9.0 GB |" in table
