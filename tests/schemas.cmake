# SPDX-License-Identifier: Apache-2.0
jincai_test(codes_test schemas)
jincai_test(schema_test schemas)
