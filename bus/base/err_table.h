/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every error of the program: ROW(id, name, kind, exit, what happened en, zh, what to do en, zh). Sorted by name
 * within a group. {file} and the like are arguments of err_set. No include guard: it is read several times.
 *
 * Exit codes: 1 findings or something waits for a person, 2 usage, 3 configuration, 4 something remote is away,
 * 5 refused by policy, 6 stopped itself, a restart is the recovery, 7 fenced.
 */

/* program */
ROW(E_USAGE, "usage", ERR_CONF, 2, "{what}", "{what}", "see: jincai help", "请看：jincai help")

/* text, money, digests */

/* json */

/* configuration */

/* files */

/* schemas and code tables */

/* bus and store */

/* lanes and flows */

/* language: expressions and mappings */

/* codecs and forms */

/* claims, batches */

/* router, destinations, parcels */
