"""The divergence and its slope are torch's own, for any number of rows and either type of activations."""

import pytest

pytestmark = pytest.mark.models


@pytest.mark.parametrize("kind", ["float32", "bfloat16"])
@pytest.mark.parametrize("rows", [1, 32, 77])
def test_it_is_torchs_own_with_its_gradient(kind: str, rows: int) -> None:
    import torch
    from torch.nn.functional import kl_div

    from tasks.heal.distillation import summed_divergence

    torch.manual_seed(0)
    wanted, said = (3 * torch.randn(2, rows, 50)).to(getattr(torch, kind)).unbind()
    ours, theirs = said.clone().requires_grad_(), said.clone().requires_grad_()
    expected, found = wanted.float().log_softmax(-1), theirs.float().log_softmax(-1)
    reference = kl_div(found, expected, log_target=True, reduction="sum")
    reference.backward()
    result = summed_divergence(ours, wanted)
    result.backward()
    torch.testing.assert_close(result, reference, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(ours.grad, theirs.grad)
    assert ours.grad is not None
    assert ours.grad.abs().sum() > 0
