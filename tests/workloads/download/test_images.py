"""Images: real, deterministic, all different, and of the requested size."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from concbench.workloads.download.images import SMALLEST, image


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(SMALLEST, 200_000))
def test_an_image_is_a_decodable_png_of_exactly_its_size(index: int, size: int) -> None:
    """An independent decoder checks every checksum."""
    data = image(index, size)
    assert len(data) == size
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        assert picture.format == "PNG"
        assert picture.width * picture.height > 0


def test_images_of_a_size_all_differ_in_their_pixels() -> None:
    """They do not only differ in a comment."""
    pixels = set()
    for index in range(50):
        with Image.open(io.BytesIO(image(index, 3_000))) as picture:
            pixels.add(picture.convert("RGB").tobytes())
    assert len(pixels) == 50


@pytest.mark.parametrize("index", [0, 7, 4_999])
def test_an_image_is_the_same_every_time(index: int) -> None:
    """Anyone can compute the expected bytes."""
    assert image(index, 60_000) == image(index, 60_000)
