#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What soak.py calls flat: noise, steps that end and caches that fill are; a leak of a few bytes a file is not."""
import random
import types
import unittest

import soak

HOUR = 360                              # samples


def series(values, pids=None):
    return {"router": [types.SimpleNamespace(pid=(pids or {}).get(i, 1), anon_kib=v, descriptors=40, threads=16)
                       for i, v in enumerate(values)]}


class SoakTest(unittest.TestCase):
    def setUp(self):
        self.rng = random.Random(3)

    def test_a_line_through_values_rises_as_they_do(self):
        self.assertEqual(soak.slope([7]), 0)
        self.assertAlmostEqual(soak.slope([3] * 9), 0)
        self.assertAlmostEqual(soak.slope(list(range(10, 20))), 9)
        self.assertAlmostEqual(soak.slope([5, 4, 3]), -2)

    def test_what_fills_and_then_only_varies_is_flat(self):
        grows = [min(8000, 4000 + 80 * i) + self.rng.randint(-300, 300) for i in range(HOUR)]
        self.assertEqual(soak.look(series(grows)), [])

    def test_a_leak_below_the_noise_of_one_sample_is_seen(self):
        leak = [6000 + 25 * i + self.rng.randint(-500, 500) for i in range(HOUR)]      # 2.5 KiB a second
        self.assertRegex(soak.look(series(leak))[0], "^router: anon_kib grows by")

    def test_one_descriptor_more_with_each_restart_is_seen(self):
        self.assertIsNone(soak.flat("x", "descriptors", [40 + i % 18 // 17 for i in range(HOUR)]))
        self.assertIsNotNone(soak.flat("x", "descriptors", [40 + i // 18 for i in range(HOUR)]))
        self.assertIsNotNone(soak.flat("x", "threads", [16 + i // 90 for i in range(HOUR)]))

    def test_a_lag_that_grows_and_one_that_comes_and_goes(self):
        self.assertIsNone(soak.flat("all", "lag", [(i % 18 < 2) * 40 + self.rng.randint(0, 5) for i in range(HOUR)]))
        self.assertIsNotNone(soak.flat("all", "lag", [i // 12 for i in range(HOUR)]))

    def test_a_process_that_ended_does_not_hide_behind_the_next_one(self):
        self.assertEqual(soak.look(series([6000] * HOUR, {i: 2 for i in range(200, HOUR)})),
                         ["router: it ended and was started again"])


if __name__ == "__main__":
    unittest.main()
