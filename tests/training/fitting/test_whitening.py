from __future__ import annotations

import numpy as np
import torch

from vidlabel.training.fitting.whitening import FLOOR, WhiteningMemory, fit_whitening


def test_inputs_are_principal_components_on_one_scale() -> None:
    generator = np.random.default_rng(0)
    mixing = generator.normal(size=(12, 12))
    streams = [generator.normal(size=(300, 12)) @ mixing + 5, generator.normal(size=(300, 12)) * 3]
    values = np.concatenate(streams, axis=1).astype(np.float32)
    whitening = fit_whitening([values[:, :12], values[:, 12:]])
    inputs = whitening.inputs(values).double().numpy()
    for number, stream in enumerate(streams):
        deviations = stream.std(axis=0) + 1e-3 * stream.std()
        variances = np.linalg.eigvalsh(np.cov(((stream - stream.mean(axis=0)) / deviations).T))[::-1]
        own = inputs[:, 12 * number : 12 * number + 12]
        np.testing.assert_allclose(own.mean(axis=0), 0, atol=1e-4)
        covariance = np.cov(own.T)
        expected = variances / (variances + FLOOR * variances[0])
        np.testing.assert_allclose(covariance, np.diag(expected), atol=2e-3)


def test_the_projection_of_the_model_gives_the_same() -> None:
    values = np.random.default_rng(1).normal(size=(50, 10)).astype(np.float32)
    whitening = fit_whitening([values[:, :5], values[:, 5:]])
    np.testing.assert_allclose(whitening.joined.inputs(torch.from_numpy(values)), whitening.inputs(values), atol=1e-5)
    parts = zip(whitening.projections, (values[:, :5], values[:, 5:]), strict=True)
    joined = np.concatenate([projection.inputs(part) for projection, part in parts], axis=1)
    np.testing.assert_allclose(joined, whitening.inputs(values), atol=1e-5)
    np.testing.assert_allclose(
        whitening.select([1]).inputs(values[:, 5:]),
        whitening.inputs(values)[:, whitening.streams[0].components.shape[0] :],
    )


def test_few_samples_and_features_that_never_change() -> None:
    values = np.random.default_rng(2).normal(size=(4, 6)).astype(np.float32)
    values[:, 2] = 7
    whitening = fit_whitening([values])
    assert whitening.inputs_size == 6
    inputs = whitening.inputs(values + 1)
    assert bool(inputs.isfinite().all())
    assert not inputs[:, 3:].any()  # 4 samples span no more than 3 components
    constant = fit_whitening([np.ones((5, 3), np.float32)])
    np.testing.assert_allclose(constant.inputs(np.ones((2, 3), np.float32)), 0, atol=1e-6)


def test_fewer_samples_than_numbers_have_the_components_of_their_covariance() -> None:
    generator = np.random.default_rng(4)
    values = (generator.normal(size=(20, 5)) @ generator.normal(size=(5, 60))).astype(np.float32)
    inputs = fit_whitening([values]).inputs(values).double().numpy()
    deviations = values.std(axis=0) + 1e-3 * values.std()
    standard = ((values - values.mean(axis=0)) / deviations).astype(np.float64)
    variances = np.linalg.eigvalsh(np.cov(standard.T))[::-1][:5]
    np.testing.assert_allclose(
        np.cov(inputs.T)[:5, :5], np.diag(variances / (variances + FLOOR * variances[0])), atol=1e-4
    )
    np.testing.assert_allclose(inputs[:, 5:], 0, atol=1e-4)


def test_what_a_video_lacks_is_at_the_mean_of_those_that_have_it() -> None:
    values = np.random.default_rng(3).normal(4, 1, size=(30, 6)).astype(np.float32)
    whitening = fit_whitening([values[:, :2], values[:20, 2:]])
    inputs = whitening.inputs(values, missing=[1])
    np.testing.assert_array_equal(inputs[:, 2:], 0)
    np.testing.assert_array_equal(inputs[:, :2], whitening.inputs(values)[:, :2])
    np.testing.assert_allclose(whitening.inputs(values)[:20, 2:].mean(dim=0), 0, atol=1e-5)
    nobody = fit_whitening([values[:, :2], values[:0, 2:]])
    np.testing.assert_array_equal(nobody.inputs(values)[:, 2:], np.zeros((30, 4)))


def test_what_is_learnt_is_recalled_for_the_same_samples_alone() -> None:
    values = np.random.default_rng(5).normal(size=(30, 4)).astype(np.float32)
    memory = WhiteningMemory()
    first, again = (fit_whitening([one], memory=memory).streams[0] for one in (values, values.copy()))
    assert again is first
    assert bool((first.components == fit_whitening([values]).streams[0].components).all())
    for other in (values[:-1], values[:, ::-1].copy(), values.reshape(60, 2)):
        found = fit_whitening([other], memory=memory).streams[0]
        assert bool((found.components == fit_whitening([other]).streams[0].components).all())
