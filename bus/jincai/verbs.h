/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_VERBS_H
#define JC_VERBS_H

#include "selection.h"

/*
 * The verbs of the program: one table is parser, help and reference. Data goes to stdout, talk to stderr. A verb
 * returns the exit code: 0 ok, 1 findings or something waits for a person, 2 usage, 3 configuration, 4 something remote is
 * away, 5 refused by policy, 6 stopped itself and a restart is the recovery, 7 fenced.
 */
struct args {
	const struct verb *verb;     /* the one that was called */
	const char *site;            /* -c; NULL: looked for */
	const char *libraries[9];    /* --library, NULL-terminated */
	const char *form, *dir, *bus, *explain;
	const char *sample, *reason, *parcel, *line, *from, *part;
	const char *key, *as, *export_to, *import_from, *against, *amount, *group, *commit_every;
	const char *to_file, *to_topic, *to_destination, *rate;       /* replay */
	const char *close_day, *batch, *flow, *destination;  /* balance */
	struct selection_words select;       /* of verbs that pick events; its from and key are those above */
	bool summary, deep, merge, json, until_idle, update, yes, all, reveal, take_over, create, acls, live, follow, full, pages;
	const char *words[64];       /* what is no option, NULL-terminated */
	unsigned nwords;
};

struct verb {
	const char *name;            /* "dead list": two words are one verb */
	const char *usage;
	const char *options;         /* names of the options it takes, each behind a blank */
	const char *en, *zh;
	const char *example;         /* runs as a test in the demo's folder */
	int (*run)(const struct args *a);
	unsigned words;              /* so many words it takes at most: what is no option */
};
#define VERB_ANY 63u

extern const struct verb verbs[];
extern const unsigned nverbs;

struct verb_option {
	const char *name, *value;    /* value: what it takes, NULL for none */
	const char *en, *zh;
};

#define VERB_COMMON_OPTIONS 3u   /* so many of them go with every verb */
extern const struct verb_option options[];
extern const unsigned noptions;

/* What the option of that name means to the verb; NULL: it does not take it. */
const struct verb_option *verb_option(const struct verb *v, const char *name);
/* The options of a selection, for the table of verbs. */
#define VERB_SELECTION " --topic --from --to --day --key --unit --where"

int verb_run(const struct args *a);
int verb_check(const struct args *a);
int verb_check_live(const struct site *s);      /* check --live: the cluster; exit code */
int verb_check_against(struct site *now, const struct args *a);  /* check --against: what breaks for consumers; exit code */
int verb_contract(const struct args *a);
int verb_topics(const struct args *a);
int verb_tail(const struct args *a);
int verb_trace(const struct args *a);
int verb_todo(const struct args *a);
int verb_menu(void);                            /* the program alone on a terminal */
int verb_try(const struct args *a);
int verb_try_event(const struct args *a);       /* try without --form: the file holds events */
/* What routes and destinations make of one event, onto stdout. router: as site_router(s, NULL) makes it. */
void verb_try_show(struct site *s, struct router *r, const struct event *v);
int verb_test(const struct args *a);
int verb_dead_list(const struct args *a);
int verb_dead_show(const struct args *a);
int verb_dead_retry(const struct args *a);
int verb_dead_return(const struct args *a);
int verb_held_list(const struct args *a);
int verb_held_show(const struct args *a);
int verb_held_return(const struct args *a);
int verb_held_seen(const struct args *a);
int verb_held_retry(const struct args *a);
int verb_held_confirm(const struct args *a);
int verb_approve(const struct args *a);
int verb_approve_list(const struct args *a);
int verb_held_repair(const struct args *a);
int verb_held_came(const struct args *a);
int verb_held_never(const struct args *a);
int verb_stop(const struct args *a);
int verb_resume(const struct args *a);
int verb_audit_list(const struct args *a);
int verb_audit_verify(const struct args *a);
int verb_audit_export(const struct args *a);
int verb_adopt(const struct args *a);
int verb_live(const struct args *a);
int verb_replay(const struct args *a);
int verb_replay_show(const struct args *a);
int verb_replay_run(const struct args *a);
int verb_replay_pause(const struct args *a);
int verb_replay_cancel(const struct args *a);
int verb_replay_list(const struct args *a);
int verb_balance(const struct args *a);
int verb_compare(const struct args *a);
int verb_resume_money(const struct args *a);    /* resume without a word */
int verb_new(const struct args *a);
int verb_demo(const struct args *a);
int verb_help(const struct args *a);

/* ---- shared by verbs ---- */

/* Prints how a verb is used. */
void verb_show_help(const struct verb *v);
/* Shows an error; returns its exit code. */
int verb_failed(const struct err *e);
/* Shows how the verb that was called is used; returns the exit code of that. */
int verb_misused(const struct args *a);
/* Loads the site, or shows the findings and returns NULL with *ret_code set. */
struct site *verb_site(const struct args *a, int *ret_code);
/* The same, and shows notes of a site that is fine: what may have been meant otherwise. *ret_notes: how many. */
struct site *verb_site_noted(const struct args *a, int *ret_code, unsigned *ret_notes);
/* Opens the site's bus for looking. */
struct bus *verb_look(const struct site *s, int *ret_code);
/* What a person typed in the place of a BATCH, ACT, FLOW, or of whatever stands or is stopped (VERB_WORD): appended as it stands,
 * or, of a short number (todo_number.h), what waits under it, or, of a file as its source called it, its batch, which is told on
 * stderr. todo.none, todo.ambiguous, todo.kind, batch.which. */
enum verb_subject { VERB_BATCH, VERB_ACT, VERB_FLOW, VERB_WORD, VERB_LETTER };
int verb_subject(struct site *s, struct bus *b, enum verb_subject want, const char *word, struct buf *ret, struct err *e);
/* The dead letters of a NUMBER, or all of a short number, ascending; *ret is freed by free. */
int verb_letters(struct site *s, struct bus *b, const char *word, uint64_t **ret, unsigned *ret_n, struct err *e);
/* Runs the verb that the words name, as typed behind "jincai". Exit code. */
int verb_call(int nwords, const char *const *words);
/* A library for verbs that need no site: the site's when there is one, else the program's with stand-in values. *ret_site is
 * NULL then. */
struct library *verb_library(const struct args *a, struct site **ret_site, int *ret_code);
/* Puts stand-ins in the place of a site's values: division and unit 000000, a key of zeros, and of each other
 * secret its name. Ids made with them are those of
 * no site, and the same everywhere. */
void verb_stand_in(struct library *l);
/* A progress line on a terminal: rows, rows a second, share, time left; nothing in a pipe. done < 0 ends the line. */
void verb_progress(const char *what, int64_t done, int64_t all);

/* What happened, in the words of a code by name and its arguments. */
void verb_reason(struct buf *b, struct span code, struct span args, struct span where);
/* And what to do next. */
void verb_remedy(struct buf *b, struct span code, struct span args);

/* The flows of a site until idle or stopped; prints what ended how. Exit code. */
int verb_run_site(struct site *s, const char *const *names, bool until_idle);

#endif
