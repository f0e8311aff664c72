/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_TESTS_SIGN_KEYS_H
#define JC_TESTS_SIGN_KEYS_H

/* Pairs of keys that everybody knows, from the standards and made for tests: nothing is protected by them. */

#define PEM(label, text) "-----BEGIN " label "-----\n" text "-----END " label "-----\n"

/* RFC 8032, 7.1, test 2: the message is one byte, 0x72. */
#define ED_PUBLIC PEM("PUBLIC KEY", "MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n")
#define ED_PRIVATE PEM("PRIVATE KEY", "MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7\n")
#define ED_SIGNATURE "kqAJqfDUyrhyDoILX2QlQKKye1QWUD+Ps3YiI+vbadoIWsHkPhWZbkWPNhPQ8R2MOHsurrQwKu6wDSkWErsMAA=="
/* The same, locked with "open-sesame". */
#define ED_LOCKED                                                                                                      \
	PEM("ENCRYPTED PRIVATE KEY", "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAh1mBeM1gsSzQICCAAw\n"                \
		"DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEMr8baX/HeHXgP7b0qsRjNYEQHI/\n"                                    \
		"jP4VdU0zNz840M9Z8bVUr4ntWtObx6IMEBhNNbICqt0fQ7p11lcqYD7BQydW2/B8\n"                                    \
		"H4pUKMZ5jzcZSwcyCeY=\n")

/* GB/T 32918.5, annex A: "message digest" under the id that GB/T 35276 sets. */
#define SM2_PUBLIC                                                                                                     \
	PEM("PUBLIC KEY", "MFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAECfnfMR5UIaFQ3X0WHkvFxnIXn60Y\n"                          \
		"M/wHa7CP81bzUCDM6kkM4md1pS3G6nGMwapgCu0F+/NeCEpmMvYHLamtEw==\n")
#define SM2_PUBLIC_SHORT                                                                                               \
	PEM("PUBLIC KEY", "MDkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DIgADCfnfMR5UIaFQ3X0WHkvFxnIXn60Y\nM/wHa7CP81bzUCA=\n")
#define SM2_PRIVATE                                                                                                    \
	PEM("PRIVATE KEY", "MIGHAgEAMBMGByqGSM49AgEGCCqBHM9VAYItBG0wawIBAQQgOUUgj3shRLE/NuOK\n"                         \
		"xtOflYiTk2koYLUaQvuB7033xbihRANCAAQJ+d8xHlQhoVDdfRYeS8XGchefrRgz\n"                                    \
		"/AdrsI/zVvNQIMzqSQziZ3WlLcbqcYzBqmAK7QX7814ISmYy9gctqa0T\n")
#define SM2_SIGNATURE "MEYCIQD1oDsGSNLEYw7qxRPhu4GhWUTaOCfVt0FDrH6s7ucgswIhALG2qinfIS/YdjGCvA1CHKG7kDj9H39C1IQLacSFu8Gq"

/* Points of order 1, 4 and 8, and a curve that is not ours. */
#define ED_ORDER_1 PEM("PUBLIC KEY", "MCowBQYDK2VwAyEAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
#define ED_ORDER_4 PEM("PUBLIC KEY", "MCowBQYDK2VwAyEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
#define ED_ORDER_8 PEM("PUBLIC KEY", "MCowBQYDK2VwAyEAxxdqcD1N2E+6PAt2DRBnDyogU/osOczGTsf9d5KsA3o=\n")
#define P256_PUBLIC                                                                                                    \
	PEM("PUBLIC KEY", "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEScU8xtUQ4BsZQkLqW94ah/yRire+\n"                          \
		"C8Ae/oPvKwp3Ydm1udNy0y8Jo9WppD1gNoXZzF2OwFzhRxDo8ctd5ph2oQ==\n")
/* A second person's. */
#define ED2_PUBLIC PEM("PUBLIC KEY", "MCowBQYDK2VwAyEA6JjCPuRqDE8QNchUsV2uY8LJMy6+M9wU6RAOSx0s70M=\n")

#endif
