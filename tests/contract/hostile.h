/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_TESTS_HOSTILE_H
#define JC_TESTS_HOSTILE_H

#include "bus_driver.h"

/*
 * A bus in memory that does whatever a broker may do to us: a hole in the offsets behind each commit and each aborted
 * one, records of several producers mixed in a partition, commits that answer bus.unknown and turn out done, not done,
 * or open until the next owner asks, and fencing out of the blue (somebody took the name and let it go again).
 *
 * The url is "hostile:SEED:UNKNOWN:FENCE": the seed names the world, the rates are per thousand calls (0 when left
 * out). A world lives as long as the process, so that flows can be closed and opened again, with other rates too.
 */
extern const struct bus_driver bus_hostile;

void hostile_forget(void);       /* all worlds; no bus may be open */

#endif
