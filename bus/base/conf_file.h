/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_CONF_FILE_H
#define JC_CONF_FILE_H

#include "conf.h"

/* What conf_read.c fills and conf.c asks; nobody else includes this. */
struct conf_file {
	struct arena arena;          /* the tree, its texts, the names asked for */
	struct conf *root;
	char *path;
	struct span source;
};

/* A name that a getter asked for and did not find: the candidates for a misspelt key. */
struct conf_asked {
	const char *name;
	struct conf_asked *next;
};

/* Text of a file as it may stand in a finding: one line, at most 60 bytes. Returns ret. */
const char *conf_shown(struct span text, char ret[72]);

#endif
