"""A reader that falls behind a live stream."""

from itertools import pairwise

from video.sources.lag import Lag


def test_a_reader_that_keeps_up_leaves_nothing_out() -> None:
    """An hour, a camera whose clock is slow by 0.05 %, and jitter."""
    lag = Lag()
    for n in range(36_000):
        now_s = n / 10
        assert not lag.leaves_out(now_s * 0.9995, now_s + (n % 7) / 10, key=n % 20 == 0)


def test_a_reader_that_falls_behind_decodes_key_frames_until_it_has_caught_up() -> None:
    """It decodes at half the rate of the stream; reading alone costs nothing."""
    lag, now_s, worst_s, decoded = Lag(), 0.0, 0.0, []
    for n in range(1_000):
        stream_s = n / 10
        now_s = max(now_s, stream_s)
        worst_s = max(worst_s, now_s - stream_s)
        if not lag.leaves_out(stream_s, now_s, key=n % 20 == 0):
            now_s += 0.2
            decoded.append(n)
    assert worst_s < 2.5
    assert 400 < len(decoded) < 560
    assert lag.left_out == 1_000 - len(decoded)
    # What is decoded hangs together: after a gap comes a key frame.
    assert all(n % 20 == 0 for before, n in pairwise(decoded) if n - before > 1)


def test_a_stream_whose_clock_jumps_back_is_decoded_again_soon() -> None:
    """It looks as if the reader were behind for ever; it is not."""
    lag = Lag()
    left_out = [
        lag.leaves_out(n / 10 - (100 if n > 100 else 0), n / 10, key=n % 20 == 0)
        for n in range(600)
    ]
    assert sum(left_out) < 130
    assert not any(left_out[250:])


def test_a_stream_without_times_is_never_behind() -> None:
    """Nothing is known of it."""
    lag = Lag()
    assert not any(lag.leaves_out(None, float(n), key=False) for n in range(100))
