"""The two losses against torch's, and a training loop that updates one player at a time."""

from itertools import islice

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from solutions_lib.gan import GAN, discriminator_loss, generator_loss, train_gan
from solutions_lib.streams import initialisation, stream

REAL = torch.randn(40, 2, generator=stream("real")) + 3
FAKE = torch.randn(30, 2, generator=stream("fake"))


def small_gan() -> GAN:
    with initialisation(0):
        return GAN(hidden_dim=8)


def train(gan: GAN, updates: int, **settings) -> list[tuple[torch.Tensor, torch.Tensor]]:
    settings = {"batch_size": 16, **settings}
    streams = {"noise": stream("noise"), "shuffle": stream("shuffle")}
    return list(islice(train_gan(gan, REAL, **streams, **settings), updates))


def test_losses_are_binary_cross_entropy_on_the_logits() -> None:
    discriminator = small_gan().discriminator
    real, fake = discriminator(REAL), discriminator(FAKE)
    expected = binary_cross_entropy_with_logits(real, torch.ones_like(real))
    expected += binary_cross_entropy_with_logits(fake, torch.zeros_like(fake))
    torch.testing.assert_close(discriminator_loss(discriminator, REAL, FAKE), expected)
    expected = binary_cross_entropy_with_logits(fake, torch.ones_like(fake))
    torch.testing.assert_close(generator_loss(discriminator, FAKE), expected)


def test_losses_stay_finite_where_the_sigmoid_rounds() -> None:
    def sure(x: torch.Tensor) -> torch.Tensor:
        return -200 * torch.ones(len(x), 1)

    assert discriminator_loss(sure, REAL, FAKE) == 200
    assert generator_loss(sure, FAKE) == 200


def test_sample_and_generate_are_the_generator_of_the_noise() -> None:
    gan = small_gan()
    z = torch.randn(7, 2, generator=stream("z"))
    torch.testing.assert_close(gan.generate(7, stream("z")), gan.generator(z))
    torch.testing.assert_close(gan.sample(7, stream("z")), gan.generator(z))
    assert gan.discriminator(FAKE).shape == (30, 1)
    assert gan.generate(7, stream("z")).requires_grad
    assert not gan.sample(7, stream("z")).requires_grad


@pytest.mark.parametrize("n_critic", [1, 3])
def test_one_update_is_n_critic_steps_of_the_discriminator_and_one_of_the_generator(
    n_critic: int,
) -> None:
    """Against the same steps written out with plain optimizers."""
    gan, reference = small_gan(), small_gan()
    train(gan, 2, n_critic=n_critic, lr=0.01, betas=(0.3, 0.9))
    noise, shuffle = stream("noise"), stream("shuffle")
    adam = {"lr": 0.01, "betas": (0.3, 0.9), "fused": True}
    optimizer_d = torch.optim.Adam(reference.discriminator.parameters(), **adam)
    optimizer_g = torch.optim.Adam(reference.generator.parameters(), **adam)
    orders = [REAL[torch.randperm(40, generator=shuffle)].split(16) for _ in range(3)]
    batches = iter([batch for order in orders for batch in order])
    for _ in range(2):
        for _ in range(n_critic):
            real = next(batches)
            fake = reference.sample(len(real), noise)
            optimizer_d.zero_grad()
            discriminator_loss(reference.discriminator, real, fake).backward()
            optimizer_d.step()
        fake = reference.generate(len(real), noise)
        optimizer_g.zero_grad()
        generator_loss(reference.discriminator, fake).backward()
        optimizer_g.step()
    for ours, expected in zip(gan.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(ours, expected, rtol=0, atol=1e-7)


def test_other_losses_take_the_place_of_the_defaults() -> None:
    seen = []

    def critic_loss(critic, real, fake):
        seen.append(("critic", len(real), len(fake)))
        return critic(fake).mean() - critic(real).mean()

    def loss(critic, fake):
        seen.append(("generator", len(fake)))
        return -critic(fake).mean()

    train(small_gan(), 2, n_critic=2, critic_loss=critic_loss, loss=loss)
    kinds = [kind for kind, *_ in seen]
    assert kinds == ["critic", "critic", "generator"] * 2
    assert all(sizes[1] == sizes[2] for sizes in seen if sizes[0] == "critic")


def test_yields_the_last_real_and_fake_batch() -> None:
    for real, fake in train(small_gan(), 4):
        assert real.shape == fake.shape
        assert not fake.requires_grad
        assert all((row == REAL).all(1).any() for row in real)


def test_learns_a_shift() -> None:
    gan = small_gan()
    before = (gan.sample(500, stream("z")).mean(0) - REAL.mean(0)).norm()
    train(gan, 1000, batch_size=40)
    assert (gan.sample(500, stream("z")).mean(0) - REAL.mean(0)).norm() < before / 4


def test_a_loss_that_is_not_finite_names_the_update() -> None:
    def broken(critic, fake):
        return critic(fake).mean() / 0

    with pytest.raises(FloatingPointError, match="generator update 0"):
        train(small_gan(), 1, loss=broken)
