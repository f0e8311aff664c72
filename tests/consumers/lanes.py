# SPDX-License-Identifier: Apache-2.0
"""The lane check of docs/consumers.md: on each partition events are numbered without gaps."""


class Lanes:
    def __init__(self):
        self.last = {}                  # of each partition: lane and number that were seen last; keep it with what you keep

    def is_new(self, partition, event):
        """False: it was seen before, drop it. Raises when something is missing: stop, and ask who runs the bus."""
        lane, number = event["lane"], int(event["laneseq"])
        before, last = self.last.get(partition, (lane, number - 1))
        if lane == before and number <= last:
            return False
        if lane != before:              # the writer was started anew: its first record says where the one before it ended
            before, last = event["data"].get("predecessor"), int(event["data"].get("last", 0))
            if number != 1 or (before, last) != self.last[partition]:
                raise ValueError(f"{lane} does not follow {self.last[partition]} on partition {partition}")
        elif number != last + 1:
            raise ValueError(f"{lane}: after {last} comes {number} on partition {partition}")
        self.last[partition] = (lane, number)
        return True
