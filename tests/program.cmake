# SPDX-License-Identifier: Apache-2.0
# Kills, power cuts, and the judge of both.
add_subdirectory(crash)
