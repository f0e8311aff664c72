/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_SITE_H
#define JC_SITE_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include "bus.h"
#include "expect.h"
#include "flow.h"
#include "form.h"
#include "router.h"

/*
 * A site: one jincai.yaml and all that it names, read and checked by the code that runs it.
 *
 *	site: {name: yakeshi, division: "150782", unit: "602001", keys: ./keys}
 *	                                         # kind: test; production when left out (site_kind.c)
 *	bus: embedded:./bus                      # or kafka:HOST:PORT,HOST:PORT
 *	kafka: {folder: ./bus, prefix: nm., ca: ./ca.pem, certificate: ./jincai.pem, key: ./jincai.key}     # that of Kafka alone
 *	witness: ./.jincai-witness               # file of the safeguard, outside the store (guard.h); optional
 *	store: {max: 64}                         # GiB; optional
 *	partitions: 1                            # fixed for the life of a bus; optional
 *	shares: 3                                # of the router, on Kafka; another number than before begins a new choice (shares.h); optional
 *	double: {days: 7}                        # 0: nothing is suspected; optional
 *	library: [./dialects]                    # folders that stand before those of the program; optional
 *	adapters:
 *	  payroll-a: {form: payroll/pipe, start: 2026-12-01, keep: 400, from: {file: {folder: ./in/payroll}}}
 *	destinations:
 *	  bank-abc: {form: bank/pipe, gather: batch, mode: live, to: {file: {folder: ./out/abc}}}
 *	                                         # file: {readers: group} lets a receiver in the folder's group take the files
 *	  units: {form: unit/csv, split: data.unit, gather: batch, mode: live, to: {file: {folder: ./out/units}}}
 *	  notices: {form: notice/paid, gather: batch, mode: live, to: {topic: {}}}
 *	                                         # for consumers outside, on jincai.out.notices.v1; topic: {name: paid} names it paid
 *	routes:
 *	  - {types: [payroll.line.v1], when: 'data.payee.bank starts "103"', to: bank-abc}
 *
 * A destination of reports or notices may gather by partition, and runs in shares then (deliver.h):
 *
 *	  cards: {form: region/cards, gather: partition, shares: 2, mode: live, to: {file: {folder: ./out/cards}}}
 *
 * Who may let money go (people.h); without it nothing that needs two people can be done, but on a test site:
 *
 *	people:
 *	  approval: keys                         # or local: by user of this machine, and marked as weak; optional
 *	  days: ./days.csv                       # lines "2026-10-01,rest" and "2026-10-10,work"; others: Monday to Friday; optional
 *	  members:
 *	    wang: {role: administrator, user: wang}
 *	    li: {role: handler, key: ./keys/people/li.pub, user: li}      # public key, PEM: Ed25519 or SM2
 *	    zhang: {role: checker, key: ./keys/people/zhang.pub}
 *
 * An adapter and a destination may say whom to call, an adapter when something is expected (expect.h):
 *
 *	  payroll-a: {..., contact: '财政局工资科 李会计 0470-1234567', expect: monthly by 6}
 *
 * The chain over what people decide (audit.h), and a file elsewhere that holds its check values, too:
 *
 *	audit: {hash: sm3, anchor: /var/audit/yakeshi}                     # hash: sha256 when left out; both optional
 *
 * Paths are relative to the folder of the file.
 */
struct site_adapter {
	char *name, *folder, *start;
	char *returns;               /* where slips go; NULL: .returned in folder */
	unsigned keep_days;
	char *contact;               /* whom to call, or NULL */
	struct expect expect;
	struct form *form;
};

enum site_mode {
	SITE_OFF,                    /* lines wait on its topic */
	SITE_SHADOW,                 /* whole parcels into <bus>/shadow/<name>, nothing is handed over */
	SITE_LIVE
};

struct site_destination {
	char *name, *folder;
	char *topic;                 /* that consumers outside read; NULL: it has a folder, else it has none */
	char *split;                 /* path, or NULL */
	bool group;                  /* readers: group */
	bool parted;                 /* gather: partition: a flow for each partition (deliver.h) */
	unsigned shares;             /* of it, as the file says; 0: it does not */
	enum site_mode mode, said;   /* said: by the file; mode is off where that may not be (in_force.h) */
	char *contact;               /* whom to call, or NULL */
	struct form *form;
};

struct site_route {
	struct conf *node, *when;    /* when: NULL matches always */
	char **types;
	unsigned ntypes;
	unsigned *to, nto;           /* numbers of destinations */
};

struct site {
	struct conf_file *conf;
	char *base;                  /* folder of the file */
	bool test;                   /* kind: test */
	char *name, *bus_url;
	char *witness;               /* where the safeguard has its file; NULL: beside the site file */
	char store[33];              /* id of the store that runs it, once it runs (guard.h); "" before */
	bool money_stopped;          /* no money destination may start now */
	struct bus_kafka_conf kafka; /* of a bus on Kafka; its texts are the site's */
	unsigned partitions;
	uint64_t max_bytes;
	unsigned double_days;        /* payments that are alike within so many days are suspected doubles; 0: none are */
	struct pays *pays;           /* of its adapters */
	struct library *library;
	struct site_adapter *adapters;
	unsigned nadapters;
	struct site_destination *destinations;
	unsigned ndestinations;
	struct site_route *routes;
	unsigned nroutes;
	struct people *people;       /* who may let money go; NULL: the site names nobody */
	bool alone;                  /* one person is enough: a test site that names nobody (in_force.h) */
	struct audit_conf audit;     /* of the chain over what people decide (audit.h) */
	char *anchor;                /* its file; NULL: there is none */
	bool finish;                 /* adapters begin no other file */
	bool closed;                 /* nothing of the money part is started (items.h, in_force.h) */
	unsigned shares;             /* of the router, as the file says; 0: it does not */
	unsigned part, parts;        /* the share of the one flow that this process runs: --part; parts 0: all of it */
};

/* Finds the site file: path when given, else $JINCAI_SITE, ./jincai.yaml, /etc/jincai/jincai.yaml. To be freed. */
char *site_find(const char *path);
/* Reads and checks everything that can be checked without starting; NULL with findings, notes alone refuse nothing.
 * libraries: folders given on the command line, NULL-terminated. */
struct site *site_load(const char *path, const char *const *libraries, struct findings *f);
/* The same; forms: pairs, NULL-terminated or NULL: a form that the site file names by its path, and the file that is read in its place. */
struct site *site_load_over(const char *path, const char *const *libraries, const char *const *forms, struct findings *f);
void site_free(struct site *s);
/* The adapter of that name; NULL when the site has none. */
const struct site_adapter *site_adapter(const struct site *s, struct span name);

/*
 * site_kind.c: what is production and what is a test never meet. A folder that holds a file .jincai-test is for tests
 * alone: a production site refuses it, and a test site (kind: test) refuses all that lack it, so that neither can take
 * or overwrite what belongs to the other. A production site also refuses folders among the files that come with forms,
 * and a key that is not random.
 */
#define SITE_TEST_MARK ".jincai-test"
/* node: where the folder is named; path: as it is opened. */
void site_check_folder(const struct site *s, const struct conf *node, const char *path, struct findings *f);
void site_check_key(const struct site *s, const struct conf *node, const char *path, struct span key, struct findings *f);
/* site_folders.c: no folder of an adapter or a destination is another's, however it is spelt, and none of a destination lies
 * inside another's or has one inside. Findings: site.twice {name}, site.inside {name, folder, other, outer}. */
void site_check_folders(const struct site *s, struct conf *root, struct findings *f);
/* Notes: destinations that no route leads to, types that no route takes. */
void site_note_routes(const struct site *s, struct conf *root, struct findings *f);
/* A path of the site file: relative to its folder. To be freed. */
char *site_path(const struct site *s, struct span path);
/* site_people.c: people: of the site file; NULL when there is none. A file of days may have more than one finding.
 * Findings: those of people_add and people_add_day, file.*, site.people_few; the note site.people_local. */
struct people *site_people(const struct site *s, struct conf *root, struct findings *f);
/* site_topic.c: to: {topic: {name: NAME}} of a destination, into it: the topic TOPIC_OUT "<name>.v<version of the form's schema>",
 * NAME is that of the destination when it is left out. A new version of a schema is another form, and another destination beside
 * the old one, so that consumers change over in their own time. False: it goes elsewhere. Findings: site.topic_form {form},
 * site.topic_mode, site.topic_split, site.topic_name {name}. */
bool site_topic(struct conf *map, struct site_destination *d, struct findings *f);
/* No topic has two writers. Findings: site.topic_twice {topic, name}. */
void site_check_topics(const struct site *s, struct conf *root, struct findings *f);
/* site_contact.c: contact: of an adapter or destination, to be freed, NULL when it has none; expect: of an adapter. */
char *site_contact(struct conf *map, struct findings *f);
void site_expect(struct conf *map, struct expect *ret, struct findings *f);
/* site_audit.c: audit: of the site file, into the site. Findings: site.anchor {file}. */
void site_audit(struct site *s, struct conf *root, struct findings *f);
/* site_bus.c: bus:, kafka:, partitions:, shares:, store: of the site file, into the site. Findings: bus.url, site.kafka_none (a section
 * kafka: beside another bus), site.kafka_half {has, lacks}, site.kafka_secret {file, mode}, site.kafka_empty, site.kafka_prefix,
 * bus.no_shares, shares.many, site.kafka_clear (a password that goes over an open line), pem.*, file.*; the notes site.kafka_open, site.kafka_scram. */
void site_bus_read(struct site *s, struct conf *root, struct findings *f);
void site_bus_done(struct site *s);
struct bus_conf site_bus(const struct site *s);
bool site_on_kafka(const struct site *s);
/* The folder of the bus on this host; to be freed. NULL when its url is wrong, which is a finding. */
char *site_bus_folder(const struct site *s);

/* ---- site_flows.c: what a site runs ---- */
#define SITE_ROUTER "router"         /* names of flows that each site has; no adapter and no destination has them */
#define SITE_KEEPER "site"           /* keeper.h */
#define SITE_REPLAY "replay"         /* replay_flow.h */

/* The running things of a site but the keeper, all or those named (NULL-terminated; unknown name: site.no_flow). *ret
 * is a list of n flows, each freed by its kind; the list by free. */
int site_flows(struct site *s, struct bus *b, const char *const *names, struct flow ***ret, unsigned *ret_n,
	struct err *e);
/* site_parted.c. The name of the flow of a destination on a partition; of one that does not gather so its own name. */
void site_flow_name(const struct site_destination *d, unsigned partition, char ret[SHARES_NAME]);
/* How many flows it is. */
unsigned site_nflows(const struct site *s, const struct site_destination *d);
/* The share of the site file of a flow of it; whole "" where it has none. */
struct share site_share(const struct site *s, const struct site_destination *d, unsigned partition);
/* The destination of a flow, or of that name; NULL. */
const struct site_destination *site_destination_of(const struct site *s, struct span flow);
/* Is the flow among those named? No name at all: each is. */
bool site_wants(const char *const *names, const char *name);
/* The router of the site; b is NULL for who only looks at single events (router.h). Freed by
 * router_flow(r)->kind->free. Its types are those of routes and adapters; a type's routes come in the order of the
 * file, one for each destination. */
struct router *site_router(struct site *s, struct bus *b, struct err *e);
/* Appends the folder where a destination in shadow puts its parcels. */
void site_shadow_folder(struct buf *ret, const struct bus *b, const char *destination);
/* As what adapters of the site make the type: a bit (1u << NATURE_...) for each nature; 0 when none makes it. */
unsigned site_natures(const struct site *s, struct span type);

#endif
