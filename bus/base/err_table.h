/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every error of the program: ROW(id, name, kind, exit, what happened en, zh, what to do en, zh). Sorted by name
 * within a group. {file} and the like are arguments of err_set. No include guard: it is read several times.
 *
 * Exit codes: 1 findings or something waits for a person, 2 usage, 3 configuration, 4 something remote is away,
 * 5 refused by policy, 6 stopped itself, a restart is the recovery, 7 fenced.
 */

/* program */
ROW(E_ADOPT_ALTERED, "adopt.altered", ERR_CONF, 5, "{file} is not what was adopted as {item}: it was changed or is gone; nothing that carries money was started",
	"{file} 已不是当初采用的 {item}：被改动过或已丢失；凡涉及付款的流程均未启动", "find out who changed it; put the folder adopted/ of the bus back from a copy made before",
	"请查明是谁改动的；并从此前的备份恢复总线的 adopted/ 文件夹")
ROW(E_ADOPT_SITE, "adopt.site", ERR_CONF, 1, "the site file says otherwise what was adopted as {item}: adapters, router and money destinations were not started, nothing was taken and nothing was sent",
	"站点文件与已采用的 {item} 不一致：接入、路由和付款去向均未启动，没有收取，也没有发出任何东西", "see what differs: jincai adopt; two people let it take effect: jincai adopt --reason TEXT; or put the file back",
	"查看差异：jincai adopt；经两人签批生效：jincai adopt --reason 原因；或把文件改回原样")
ROW(E_ADOPT_UNREADABLE, "adopt.unreadable", ERR_CONF, 3, "what is in force cannot be read together with {file}; nothing was started, nothing was sent",
	"现行的报文格式和代码表无法与 {file} 一起读取；没有启动，也没有发出任何东西", "the findings are above; put the site file back as it was, then jincai adopt", "问题见上；请先把站点文件改回原样，再用 jincai adopt")
ROW(E_ADOPT_LONG, "adopt.long", ERR_CONF, 5, "what differs does not fit on the page that two people sign; nothing was asked for, nothing was changed",
	"不同之处太多，签批单上放不下；没有提出，未作任何改动",
	"adopt item by item: jincai adopt ITEM --reason TEXT; with one and the same --from of a later day they take effect together",
	"请逐项采用：jincai adopt 项目 --reason 原因；用同一个以后的 --from 日期，可以一起生效")
ROW(E_ADOPT_NONE, "adopt.none", ERR_CONF, 2, "{item} is not among what waits to be adopted; nothing was changed", "{item} 不在等待采用之列；未作任何改动",
	"what waits is listed by jincai adopt", "等待采用的项目请看 jincai adopt")
ROW(E_ADOPT_DATE, "adopt.date", ERR_CONF, 2, "--from {text} is no date from today on; nothing was changed", "--from {text} 不是今天或以后的日期；未作任何改动",
	"write it as 2026-12-01, or leave it out", "请写成 2026-12-01，或不写")
ROW(E_ADOPT_WAITS, "adopt.waits", ERR_RETRY, 4, "what was approved takes effect when {flow} has ended what it began, and {flow} has not said so yet; until then nothing new is begun", "已签批的变更要等 {flow} 把手头的批次做完才能生效，而 {flow} 尚未报告完成；在此之前不开始新的批次",
	"see that {flow} runs on its host; nothing was lost, it goes on by itself", "请确认 {flow} 正在其所在主机上运行；没有丢失任何东西，之后会自动继续")
ROW(E_BALANCE_ALONE, "balance.alone", ERR_CONF, 2, "the report of {host} is of a bus that lies on that host alone: there is nothing to add to it", "{host} 的报告来自只在该主机上的总线，没有可与之汇总的",
	"nothing was added up; what that host says by jincai balance --deep is the whole of it", "没有汇总；该主机 jincai balance --deep 的结果就是全部")
ROW(E_BALANCE_APART, "balance.apart", ERR_CONF, 5, "{other} and {host} counted {minutes} minutes apart, more than {max}", "{other} 与 {host} 的清点相隔 {minutes} 分钟，超过 {max} 分钟",
	"nothing was added up; count on all hosts at about the same time, when nothing comes in", "没有汇总；请在没有业务时，各主机大致同时清点")
ROW(E_BALANCE_MOVED, "balance.moved", ERR_CONF, 5, "the totals of {flow} are others in the report of {host} than in that of {other}: something was written in between", "{flow} 的各项合计在 {host} 与 {other} 的报告中不同：两次清点之间有过写入",
	"nothing was added up; count once more on all hosts, when nothing comes in", "没有汇总；请在没有业务时，各主机重新清点")
ROW(E_BALANCE_OTHER_CLUSTER, "balance.other_cluster", ERR_CONF, 5, "the report of {host} is of cluster {have}, the others are of {want}", "{host} 的报告来自集群 {have}，其他报告来自 {want}",
	"nothing was added up; find out which hosts run this site, and on which cluster", "没有汇总；请查明本站点由哪些主机运行、在哪个集群上")
ROW(E_BALANCE_OTHER_SITE, "balance.other_site", ERR_CONF, 5, "the report of {host} is of site {have}, not of {want}", "{host} 的报告属于站点 {have}，不属于 {want}",
	"nothing was added up; take the reports of one site, with its site file (-c)", "没有汇总；请只取同一站点的报告，并用该站点的站点文件（-c）")
ROW(E_BALANCE_REPORT, "balance.report", ERR_CONF, 2, "{file} is not what jincai balance --deep --json writes", "{file} 不是 jincai balance --deep --json 的输出",
	"nothing was added up; write what jincai balance --deep --json prints on each host into a file of its own", "没有汇总；请把各主机 jincai balance --deep --json 的输出各存成一个文件")
ROW(E_BALANCE_SAME_HOST, "balance.same_host", ERR_CONF, 5, "two reports are of one host: {host}, folder {folder}", "有两份报告来自同一主机：{host}，文件夹 {folder}",
	"nothing was added up; take one report of each host; where two hosts have one name, give each its own", "没有汇总；每台主机只取一份报告；如两台主机同名，请改成不同的名称")
ROW(E_BALANCE_NAME, "balance.name", ERR_CONF, 2, "the site has nothing called {name} that could be added up; nothing was added up", "站点没有名为 {name} 的流或去向；没有汇总",
	"<did you mean {near}? >--flow: an adapter, router, or a destination; --destination: a destination of the site file", "<是不是 {near}？>--flow 后面写接入、router 或去向，--destination 后面写站点文件里的去向")
ROW(E_BATCH_WHICH, "batch.which", ERR_CONF, 2, "{file} came {count} times; nothing was done", "{file} 来过 {count} 次；什么也没有做",
	"name one of the batches above instead", "请改用上列批次中的一个")
ROW(E_LIVE_NONE, "live.none", ERR_CONF, 2, "{subject} is no money destination with mode: live; nothing was changed", "{subject} 不是写有 mode: live 的付款去向；未作任何改动",
	"write mode: live in the site file first; nothing goes out before two people have approved it", "请先在站点文件里写 mode: live；两人签批之前不会发出任何东西")
ROW(E_LIVE_ALREADY, "live.already", ERR_CONF, 1, "{subject} is live already; nothing was changed", "{subject} 早已正式运行；未作任何改动",
	"nothing to do", "无须处理")
ROW(E_CASE_EXPECTED, "case.expected", ERR_CONF, 1, "case {case} does not say what it expects: {want} is missing or cannot be read", "用例 {case} 没有写明预期：缺少 {want}，或其内容读不懂",
	"it was not run; inward it needs expected.jsonl, outward either expected.file or expected.error", "该用例没有运行；接入用例要有 expected.jsonl，去向用例要有 expected.file 或 expected.error 之一")
ROW(E_CASE_INPUT, "case.input", ERR_CONF, 1, "case {case} holds {got} input files, it has to be one", "用例 {case} 里有 {got} 个输入文件，只能是一个",
	"it was not run; leave one file that is not named expected.*", "该用例没有运行；除 expected.* 外请只留一个文件")
ROW(E_CASE_NONE, "case.none", ERR_CONF, 2, "there is no form {name} with cases", "没有带用例的报文格式 {name}",
	"nothing was run; forms of your own need --library DIR (or -c SITE); jincai test without a name runs all and names them", "没有运行任何用例；自己的报文格式须加 --library DIR（或 -c SITE）；不带名称的 jincai test 会运行并列出全部")
ROW(E_CASE_UPDATE, "case.update", ERR_CONF, 2, "{count} expected files differ and nobody is there to ask; none was written", "有 {count} 个预期文件不同，又无人可问；一个也没有写",
	"look at what differs above; when all of it is right: jincai test --update --yes", "请看上面的不同之处；确认都对之后：jincai test --update --yes")
ROW(E_COMPARE_GONE, "compare.gone", ERR_CONF, 1, "the file of parcel {number} ({name}) no longer lies at {destination}: the receiver took it", "发送批 {number}（{name}）的文件已不在去向 {destination}：接收方已取走",
	"nothing was compared; what was made in shadow stays in the folder of the bus", "没有比较；试运行做的文件一直留在总线文件夹里")
ROW(E_COMPARE_NONE, "compare.none", ERR_CONF, 2, "{destination} has no parcel {number}", "去向 {destination} 没有发送批 {number}",
	"nothing was compared; the numbers stand in the log and in the names of the files", "没有比较；编号见日志和文件名")
ROW(E_COMPARE_WHICH, "compare.which", ERR_CONF, 2, "{count} parcels of {destination} may be meant by {file}, it has to be one", "{file} 可能对应去向 {destination} 的 {count} 个发送批，只能是一个",
	"nothing was compared; say which one: --parcel NUMBER", "没有比较；请用 --parcel 编号 指明")
ROW(E_DEAD_NONE, "dead.none", ERR_CONF, 2, "there is no dead letter with number {number}", "没有编号为 {number} 的死信",
	"the numbers stand in jincai dead list", "编号请看 jincai dead list")
ROW(E_HELD_NONE, "held.none", ERR_CONF, 2, "there is no batch {batch}", "没有批次 {batch}",
	"the names of waiting batches stand in jincai held list", "等人处理的批次请看 jincai held list")
ROW(E_BALANCE_BATCH, "balance.batch", ERR_CONF, 2, "nothing was ever counted of a batch {batch}", "从未统计过批次 {batch}", "batches of a day are listed by jincai balance --day DAY", "某日的批次请看 jincai balance --day 日期")
ROW(E_BALANCE_BEFORE, "balance.before", ERR_CONF, 5, "the batch {batch} began before its accounts were kept by batch; nothing was added up", "批次 {batch} 开始时尚未按批次记账；没有汇总",
	"what became of it is told by jincai held show and jincai trace", "其去处请看 jincai held show、jincai trace")
ROW(E_BALANCE_DAY, "balance.day", ERR_CONF, 2, "{text} is no day; nothing was added up, nothing was closed", "{text} 不是日期；没有汇总，也没有关账", "write it as 2026-12-01, today, yesterday", "请写成 2026-12-01、今天、昨天")
ROW(E_CLOSE_AGAIN, "close.again", ERR_CONF, 5, "{day} is closed already, as all days up to {last} are; nothing was changed", "{day} 已经关账（{last} 及以前各日均已关账）；未作任何改动",
	"what was closed: jincai balance --day {day}; what came later stands in the next day that is closed", "查看已关的账：jincai balance --day {day}；其后发生的记入下一个关账日")
ROW(E_CLOSE_BEFORE, "close.before", ERR_CONF, 5, "{first} is not closed, and comes before {day}; nothing was changed", "{first} 早于 {day}，尚未关账；未作任何改动",
	"close the days in their order: jincai balance --close {first} --reason TEXT", "请按日期顺序关账：jincai balance --close {first} --reason 原因")
ROW(E_CLOSE_FUTURE, "close.future", ERR_CONF, 5, "{day} has not come yet: today is {today}; nothing was changed", "{day} 还没有到（今天是 {today}）；未作任何改动", "close it when it is over", "请等这一天过完再关账")
ROW(E_CLOSE_LARGE, "close.large", ERR_CONF, 5, "{open} batches are open at the end of {day}: they do not fit into the record of a closing; nothing was changed", "{day} 日终有 {open} 个批次未了结，关账记录放不下；未作任何改动",
	"settle what waits first: jincai todo", "请先处理待办：jincai todo")
ROW(E_CLOSE_WRONG, "close.wrong", ERR_CONF, 5, "{day} does not come out ({count} equations); nothing was changed", "{day} 的账不平（{count} 个等式）；未作任何改动",
	"see where: jincai balance --day {day}, then jincai balance --deep", "查看差在何处：jincai balance --day {day}，再用 jincai balance --deep")
ROW(E_REPLAY_BUSY, "replay.busy", ERR_CONF, 5, "another replay runs, and one runs at a time; with the plan {plan} nothing was done", "另一项重放正在进行，同一时间只执行一项；计划 {plan} 没有做任何事",
	"wait until it has ended, or pause it: jincai replay list, then jincai replay pause PLAN", "请等它结束，或将其暂停：先 jincai replay list，再 jincai replay pause 计划")
ROW(E_REPLAY_CHANGED, "replay.changed", ERR_CONF, 5, "what the plan {plan} speaks of is no longer as it was; nothing more of it is handed on", "重放计划 {plan} 所指的内容已有变化；不再交付任何内容",
	"make a new plan: jincai replay ... --reason TEXT", "请重新制定计划：jincai replay ... --reason 原因")
ROW(E_REPLAY_EMPTY, "replay.empty", ERR_CONF, 2, "the selection names no event; no plan was made", "所选范围内没有事件；没有制定计划", "see what is there: jincai tail with the same selection", "请用 jincai tail 以同样的条件查看")
ROW(E_REPLAY_ENDED, "replay.ended", ERR_CONF, 5, "the plan {plan} is {state}; nothing was done", "重放计划 {plan} 的状态是 {state}；没有做任何事", "what was done is listed by jincai replay list; for once more make a new plan",
	"已做的请看 jincai replay list；若要再做一次，请另订计划")
ROW(E_REPLAY_LARGE, "replay.large", ERR_CONF, 2, "the selection covers too many topics and partitions, or too many batches, for one plan; no plan was made", "所选主题、分区或批次太多，一项计划放不下；没有制定计划",
	"make several plans, each with fewer topics or a shorter time: --topic NAME, --from, --to", "请分成几项计划，每项少选几个主题或缩短时间：--topic 主题、--from、--to")
ROW(E_REPLAY_LEDGER, "replay.ledger", ERR_CONF, 5, "this store is not the one that has always run here, and the ledger {file} does not tell all that {to} was handed: it is not there, was cut short, or lines are missing; what was paid cannot be known, nothing was planned or handed on", "本站点的库不是一直在这里运行的那一个，而 {to} 的台账 {file} 缺失、被截短或缺行，无法得知已付了哪些；没有制定计划，没有交付任何内容",
	"bring the file back (the folder may not be mounted), then make a new plan; or name {to} in the site in shadow, run it, and let two people accept what is missing: jincai resume", "请先恢复该文件（目录可能没有挂载），再制定计划；或在站点文件中把 {to} 写成试运行，运行后由两人认可缺失部分：jincai resume")
ROW(E_REPLAY_MIXED, "replay.mixed", ERR_CONF, 2, "lines for consumers have the ids of the events that they were made of: on one topic an id would have two contents; no plan was made", "对外发布的内容沿用其来源事件的标识：放在同一主题，一个标识就会有两种内容；没有制定计划",
	"make a plan for each: event topics together, each topic for consumers apart", "请分别制定计划：事件主题可放在一起，对外主题各自一项")
ROW(E_REPLAY_NONE, "replay.none", ERR_CONF, 2, "there is no plan {plan}; nothing was done", "没有重放计划 {plan}；没有做任何事", "plans are listed by jincai replay list", "计划请看 jincai replay list")
ROW(E_REPLAY_NOTHING, "replay.nothing", ERR_CONF, 5, "no batch of the selection can go to {to}; the first, {batch}: {why}; no plan was made", "所选的批次没有一个能交付给 {to}；第一个 {batch}：{why}；没有制定计划",
	"a destination is given whole batches that it never was offered: select all of them, such as a month, and settle what waits", "只交付该去向从未处理过的完整批次：请选全（如整月），并先处理待办")
ROW(E_REPLAY_OPEN, "replay.open", ERR_CONF, 5, "what lies on {topic} (type {type}) may not be given to consumers: it is not known what is personal in it; no plan was made, nothing was handed on", "{topic} 上的内容（类型 {type}）不能交给外部使用者：其中哪些是个人信息无从得知；没有制定计划，没有交付任何内容",
	"select event topics, whose personal fields are masked, or a topic for consumers (out.NAME.vN)", "请选择事件主题（个人信息会遮蔽）或对外主题（out.名称.v版本）")
ROW(E_REPLAY_PAUSED, "replay.paused", ERR_CONF, 5, "another replay to a destination that moves money is paused, and such replays are done one after the other; with the plan {plan} nothing was done", "另一项向付款去向的重放已暂停，这类重放须逐项做完；计划 {plan} 没有做任何事",
	"go on with it or cancel it: jincai replay list", "请先继续或取消那一项：jincai replay list")
ROW(E_REPLAY_RUNS, "replay.runs", ERR_CONF, 5, "the plan {plan} is being run by another process; nothing was done", "重放计划 {plan} 正由另一进程执行；没有做任何事", "wait until it has ended, or pause it there with Ctrl-C", "请等它结束，或在那边按 Ctrl-C 暂停")
ROW(E_REPLAY_STOPPED, "replay.stopped", ERR_CONF, 5, "all money is stopped, or what carries money is not as it was adopted; with the plan {plan} nothing was done", "付款已全部停止，或付款部分与采用的不一致；计划 {plan} 没有做任何事",
	"settle that first: jincai todo; then run the plan again", "请先处理：jincai todo；再执行该计划")
ROW(E_REPLAY_TAKEN, "replay.taken", ERR_CONF, 5, "{to} is there already: a replay never writes over or behind anything; nothing was done", "{to} 已经存在：重放不覆盖、不追加任何内容；没有做任何事", "name another one", "请换一个名称")
ROW(E_REPLAY_TO, "replay.to", ERR_CONF, 2, "say where to, one of --to-file FILE, --to-topic NAME, --to-destination NAME, and why, --reason TEXT; no plan was made", "请写明重放到哪里（--to-file 文件、--to-topic 名称、--to-destination 去向，三者取一）和原因（--reason 原因）；没有制定计划",
	"how it is written is shown by jincai help replay", "写法见 jincai help replay")
ROW(E_REPLAY_TOPICS, "replay.topics", ERR_CONF, 2, "{topic} holds no batches; no plan was made", "{topic} 上没有批次；没有制定计划", "select event topics: --topic payroll", "请选择事件主题：--topic payroll")
ROW(E_REPLAY_TOPIC, "replay.topic", ERR_CONF, 2, "{text} is no name for the topic of a replay: the site has such a topic, or there are other characters in it than a-z 0-9 - _ and dots; no plan was made", "{text} 不能作重放主题的名称：站点已有这样的主题，或含有 a-z 0-9 - _ 和点以外的字符；没有制定计划",
	"name one of its own, such as history-2026-12: it becomes jincai.replay.history-2026-12", "请另起一个名称，如 history-2026-12，即主题 jincai.replay.history-2026-12")
ROW(E_GUARD_ANCHOR, "guard.anchor", ERR_CONF, 1, "line {line} of the anchor {file} has another check value for record {n} of {writer} than the store: all money destinations are stopped", "锚定文件 {file} 第 {line} 行与库中 {writer} 的第 {n} 条操作记录不符：所有付款去向已停",
	"not one payment goes out; keep store and anchor as they are and run jincai audit verify; then look at what was handed over and let two people resume: jincai resume", "一笔未付；请保留库和锚定文件原样，先运行 jincai audit verify，再核对各去向已有的文件，由两人恢复：jincai resume")
ROW(E_GUARD_CLOCK, "guard.clock", ERR_CONF, 1, "the clock is {minutes} minutes behind the last thing that was written: all money destinations are stopped", "时钟比最后一次写入慢了 {minutes} 分钟：所有付款去向已停",
	"not one payment goes out; set the clock right; then look at what was handed over and let two people resume: jincai resume", "一笔未付；请先校准时钟，再核对各去向已有的文件，由两人恢复：jincai resume")
ROW(E_GUARD_CLUSTER, "guard.cluster", ERR_CONF, 1, "the bus lies on another cluster than when it was last run: all money destinations are stopped", "总线所在的集群与上次运行时不是同一个：所有付款去向已停",
	"not one payment goes out; make sure that nothing runs on the former cluster; then look at what was handed over and let two people resume: jincai resume", "一笔未付；请确认原集群上没有程序在运行，核对各去向已有的文件，由两人恢复：jincai resume")
ROW(E_GUARD_COPIED, "guard.copied", ERR_CONF, 1, "the store in {folder} is not the file that it was: it was copied or put back; all money destinations are stopped", "{folder} 里的库已不是原来的文件：被复制或放回过；所有付款去向已停",
	"not one payment goes out; make sure that no other copy runs; then look at what was handed over and let two people resume: jincai resume", "一笔未付；请确认没有另一份在运行，核对各去向已有的文件，由两人恢复：jincai resume")
ROW(E_GUARD_GAP, "guard.gap", ERR_CONF, 1, "line {line} of {file} does not follow the line before it: lines were taken out, put in or changed; all money destinations are stopped", "{file} 第 {line} 行与前一行不相衔接：有行被删去、插入或改动；所有付款去向已停",
	"not one payment goes out; put the ledger back if there is a copy; look at what was handed over and let two people resume: jincai resume", "一笔未付；如有备份请放回交接账；再核对各去向已有的文件，由两人恢复：jincai resume")
ROW(E_GUARD_LEDGER, "guard.ledger", ERR_CONF, 1, "{file} goes up to parcel {got}, and the store handed over up to {want}: it was shortened or deleted; all money destinations are stopped", "{file} 只记到第 {got} 号，而库里已交出到第 {want} 号：它被截短或删除过；所有付款去向已停",
	"not one payment goes out; put the ledger back if there is a copy; look at what was handed over and let two people resume: jincai resume", "一笔未付；如有备份请放回交接账；再核对各去向已有的文件，由两人恢复：jincai resume")
ROW(E_GUARD_MOVED, "guard.moved", ERR_CONF, 1, "the store in {folder} was last run on another machine: all money destinations are stopped", "{folder} 里的库上次在另一台机器上运行：所有付款去向已停",
	"not one payment goes out; make sure that it no longer runs there; then look at what was handed over and let two people resume: jincai resume", "一笔未付；请确认原机器不再运行，核对各去向已有的文件，由两人恢复：jincai resume")
ROW(E_GUARD_NONE, "guard.none", ERR_CONF, 2, "the money is not stopped: there is nothing to resume", "付款没有停：不需要恢复",
	"nothing was changed; what waits stands in jincai todo", "未作任何改动；等人处理的请看 jincai todo")
ROW(E_GUARD_REPLACED, "guard.replaced", ERR_CONF, 1, "{file} belongs to another store: this one took its place; all money destinations are stopped", "{file} 属于另一个库，现在的库取代了它：所有付款去向已停",
	"not one payment goes out; put the old store back, or look at what was handed over and let two people resume: jincai resume; a test site without people goes on when witnesses and ledgers were compared and moved away by hand", "一笔未付；请放回原来的库，或核对各去向已有的文件后由两人恢复：jincai resume；未设 people 的测试站点须先核对，再人工移走见证文件和交接账，方可继续")
ROW(E_GUARD_RESTORED, "guard.restored", ERR_CONF, 1, "the store is older than it was: {file} says {want}, the store {got}; all money destinations are stopped", "库比原来旧：{file} 记着 {want}，库里是 {got}；所有付款去向已停",
	"not one payment goes out; look at what was handed over since and let two people resume: jincai resume", "一笔未付；请核对此后已交出的文件，由两人恢复：jincai resume")
ROW(E_GUARD_WITNESS, "guard.witness", ERR_CONF, 3, "the safeguard cannot write {file}", "保护措施无法写入 {file}",
	"nothing was started; make its folder writable, or name another place outside the store: witness: PATH", "没有启动；请让该文件夹可写，或用 witness: 路径 指定库以外的另一处")
ROW(E_HELP_NONE, "help.none", ERR_CONF, 2, "there is no verb and no error code {name}", "没有命令，也没有错误代码 {name}",
	"<did you mean {near}? >jincai help lists the verbs; a code stands in [ ] behind a message", "<是不是 {near}？>命令请看 jincai help；错误代码在提示末尾的 [ ] 里")
ROW(E_DEMO_DIFFERS, "demo.differs", ERR_HALT, 6, "the demo ended otherwise than planted in {count} points; no real data was touched", "演示结果有 {count} 处与预埋不符；未触及任何真实数据", "the points are named above; do not let this build handle money, send its output in together with jincai --version", "不符之处见上；请勿用此版本处理款项，并请将输出连同 jincai --version 一并报送")
ROW(E_DEMO_MISSING, "demo.missing", ERR_CONF, 3, "the files of the demo are not there: {folder} beside the program; nothing was written", "找不到演示文件：程序旁边没有 {folder}；什么也没有写", "install the program together with its share folder, or name that folder by --library", "请连同 share 文件夹一起安装程序，或用 --library 指明该文件夹")
ROW(E_DEMO_NOT_EMPTY, "demo.not_empty", ERR_CONF, 2, "the folder {folder} is not empty; nothing was written there", "文件夹 {folder} 不是空的；没有往里写任何东西", "name an empty folder or one that does not exist, or leave --dir out", "请指定空的或尚不存在的文件夹，或不写 --dir")
ROW(E_DEMO_PLANTED, "demo.planted", ERR_CONF, 3, "{file} does not say how the demo must end; nothing was run", "{file} 没有写明演示应有的结局；没有运行任何东西", "install the program's share folder anew", "请重新安装程序的 share 文件夹")
ROW(E_RUN_LEFT, "run.left", ERR_RETRY, 4, "asked to end, the process has not heard from the brokers for {seconds} seconds and ends without their answers: what is committed counts, nothing is lost", "收到停止信号后 {seconds} 秒内没有得到 Kafka 服务器的应答，进程不再等待而退出：已提交的有效，没有丢失任何内容",
	"nothing: started again, it asks the brokers what counts and goes on there", "无须处理：重新启动后，程序以服务器上的记录为准接着做")
ROW(E_RUN_MONEY_APART, "run.money_apart", ERR_CONF, 2, "{flow} hands over money and has to run together with the flow site, in one process: nothing was started", "{flow} 是付款去向，须与 site 流程在同一进程运行；没有启动任何流程",
	"jincai run site {flow} ... on one host; adapters, router and other destinations may run elsewhere", "请在同一台主机上运行 jincai run site {flow} ...；接入、路由和其他去向可以在别处运行")
ROW(E_RUN_NOT_IN_FORCE, "run.not_in_force", ERR_RETRY, 4, "nobody has said yet what is in force at this site: the flow site has never run on this bus; nothing was taken in, nothing was sent", "尚不知道本站点以什么为准：site 流程从未在该总线上运行过；没有收取，也没有发出任何东西",
	"start it: jincai run site, together with the money destinations, on one host; this goes on by itself then", "请在一台主机上启动 jincai run site（连同付款去向）；之后这里会自动继续")
ROW(E_RUN_NO_TAKE_OVER, "run.no_take_over", ERR_CONF, 2, "the bus of this site lies on this host alone: there is nothing to take over from another; nothing was started", "本站点的总线只在本机，没有什么可从别的主机接管；没有启动任何流程",
	"leave --take-over out", "请去掉 --take-over")
ROW(E_SITE_ANCHOR, "site.anchor", ERR_CONF, 5, "the anchor {file} lies in the folder of the bus: who changes the store would change it along", "锚定文件 {file} 在 bus 文件夹里：改库的人会一并改掉它",
	"nothing was started; name a file on another disk or machine, that only the auditor can change", "没有启动；请改用另一磁盘或另一台机器上、只有审计人员能改动的文件")
ROW(E_SITE_DIRECTION, "site.direction", ERR_CONF, 3, "form {form} is for the way {is}", "报文格式 {form} 的方向是 {is}", "adapters take forms in, destinations take forms out", "接入用 in 方向的格式，去向用 out 方向的格式")
ROW(E_SITE_KAFKA_CLEAR, "site.kafka_clear", ERR_CONF, 5, "the password of {user} would go over an open line: neither ca: nor certificate: is given", "{user} 的密码会明文传输：没有写 ca: 或 certificate:",
	"nothing was started; name the PEM file of the authority that signed the brokers' certificates: ca: FILE; a test site (kind: test) may do without", "没有启动；请用 ca: 文件 指明签发各 Kafka 服务器证书的机构证书（PEM）；测试站点（kind: test）可以不写")
ROW(E_SITE_KAFKA_EMPTY, "site.kafka_empty", ERR_CONF, 3, "{file} holds no password", "{file} 里没有密码",
	"nothing was started; write the password into it, on one line", "没有启动；请把密码写在该文件里，一行")
ROW(E_SITE_KAFKA_HALF, "site.kafka_half", ERR_CONF, 3, "kafka: has {has} and lacks {lacks}: one is of no use without the other", "kafka: 里有 {has} 而没有 {lacks}：两者缺一不可",
	"nothing was started; add {lacks}:, or take {has}: out", "没有启动；请补上 {lacks}:，或去掉 {has}:")
ROW(E_SITE_KAFKA_NONE, "site.kafka_none", ERR_CONF, 3, "kafka: belongs to a bus on Kafka, and the bus of this site is {url}", "kafka: 只用于 Kafka 总线，而本站点的总线是 {url}",
	"nothing was started; take kafka: out, or write bus: kafka:HOST:PORT", "没有启动；请去掉 kafka:，或把总线写成 bus: kafka:HOST:PORT（HOST 为主机，PORT 为端口）")
ROW(E_SITE_KAFKA_OPEN, "site.kafka_open", ERR_NOTE, 0, "names and payments go to the brokers over an open line: kafka: says neither ca: nor certificate:", "姓名和付款内容将明文传到 Kafka 服务器：kafka: 里没有写 ca: 或 certificate:",
	"encrypt the line: ca: FILE with the authority of the brokers", "请加密传输：用 ca: 文件 指明 Kafka 服务器证书的签发机构")
ROW(E_SITE_KAFKA_PREFIX, "site.kafka_prefix", ERR_CONF, 3, "prefix: {text} cannot stand before the names of topics: at most {max} of a-z 0-9 . - _", "prefix: {text} 不能放在主题名前：最多 {max} 个 a-z 0-9 . - _",
	"nothing was started; choose another one, it cannot be changed later", "没有启动；请换一个，以后不能再改")
ROW(E_SITE_KAFKA_SCRAM, "site.kafka_scram", ERR_NOTE, 0, "{mechanism} works with brokers of Kafka 4 from librdkafka 2.6.1 on alone (jincai --version says which one this is); with older brokers it works", "{mechanism} 与 Kafka 4 的 Kafka 服务器配合时，需要 librdkafka 2.6.1 或更新版本（版本见 jincai --version）；与较早的 Kafka 服务器配合没有问题",
	"where logging in fails: certificate: and key:, or PLAIN together with ca:", "如登录失败，请改用 certificate: 和 key:，或 PLAIN 加 ca:")
ROW(E_SITE_KAFKA_SECRET, "site.kafka_secret", ERR_CONF, 5, "{file} can be read or changed by everybody on this machine (mode {mode})", "{file} 本机任何人都能读取或改动（权限 {mode}）",
	"nothing was started; chmod 600 {file}, then have a new one made: this one may be known", "没有启动；请执行 chmod 600 {file}，并更换其内容，因为它可能已被人看到")
ROW(E_SITE_NAME, "site.name", ERR_CONF, 3, "{name} is no name: 1 to 40 of a-z, 0-9, hyphen, and none of router, site, replay", "{name} 不能作名称：1 到 40 个 a-z、0-9、连字符，且不是 router、site 或 replay", "choose another one; it becomes part of topics and folders", "请换一个；它会成为主题名和文件夹名的一部分")
ROW(E_SITE_NOT_TAKEN, "site.not_taken", ERR_CONF, 3, "destination {destination} does not take {type}: its form {form} has no line for it", "去向 {destination} 不接收 {type}：其报文格式 {form} 没有这种行", "add the type to events: of the form, or route it elsewhere", "请在该格式的 events: 里加上这个类型，或改走别的去向")
ROW(E_SITE_NOWHERE, "site.nowhere", ERR_CONF, 3, "the route leads to {name}, which is no destination", "路由指向 {name}，没有这个去向", "<did you mean {near}? >the names stand under destinations:", "<是不是 {near}？>名称见 destinations:")
ROW(E_SITE_CONTACT, "site.contact", ERR_CONF, 3, "contact: of {name} cannot be shown: 1 to {max} bytes without control characters are needed", "{name} 的 contact: 无法显示：应为 1 至 {max} 字节，不含控制字符",
	"write on one line whom to call: a name and a telephone number", "请在一行内写明找谁：姓名和电话")
ROW(E_SITE_ELSEWHERE, "site.elsewhere", ERR_NOTE, 0, "{folder} is not on this host: {name} cannot run here", "本机没有 {folder}：{name} 不能在这里运行",
	"right when it runs on another host; else make the folder", "若它在别的主机上运行，则没有问题；否则请建立该文件夹")
ROW(E_SITE_EXPECT, "site.expect", ERR_CONF, 3, "expect: {text} is no rule that says when something comes", "expect: {text} 不是报送时限的写法",
	"write monthly by 6, weekly by friday, or daily", "请写 monthly by 6（每月 6 日前）、weekly by friday（每周五前）或 daily（每个工作日）")
ROW(E_RUN_PART, "run.part", ERR_CONF, 2, "--part {text} is no share: it is written as 0/3, the first of three, and goes with one flow, the router or a destination",
	"--part {text} 不是一份：应写成 0/3（三份中的第一份），且只能用于一个流：router 或一个去向",
	"nothing was started; write: jincai run router --part 0/3", "没有启动；请写：jincai run router --part 0/3")
ROW(E_RUN_PART_WHOLE, "run.part_whole", ERR_CONF, 2, "{flow} runs whole: an adapter has one folder that it takes from, and a destination that gathers whole batches needs all lines of one in one hand", "{flow} 只能整体运行：接入只有一个收取文件夹；按批收集的去向须由一处看到整批",
	"nothing was started; of destinations those with gather: partition run in shares: reports and notices of what is released record by record, never money", "没有启动；只有写明 gather: partition 的去向可以分份运行：逐笔发送的报表和通知，不含付款")
ROW(E_SITE_NO_FLOW, "site.no_flow", ERR_CONF, 2, "the site has no adapter or destination {name}", "站点没有名为 {name} 的接入或去向", "nothing was started; the names stand in jincai.yaml", "没有启动任何流程；名称见 jincai.yaml")
ROW(E_SITE_NO_MODE, "site.no_mode", ERR_CONF, 5, "destination {destination} does not say its mode: whether anything goes out stands nowhere", "去向 {destination} 没有写 mode:，是否送出无从得知",
	"write mode: off, or mode: shadow to make files beside those made by hand; when the receiver has agreed, mode: live", "接收方同意之前写 mode: off，或写 mode: shadow 与手工文件并行试运行；同意之后改为 mode: live")
ROW(E_SITE_NO_START, "site.no_start", ERR_CONF, 5, "adapter {adapter} brings instructions and has no start: line", "接入 {adapter} 接收付款指令，却没有写 start: 这一行", "say from which day on payments are ours: start: 2026-12-01; older ones are never sent", "请写明从哪天起由本系统付款：start: 2026-12-01；更早的永不发送")
ROW(E_SITE_PEOPLE_FEW, "site.people_few", ERR_CONF, 3, "people: names no handler, or no checker: nothing that needs two people could ever be approved", "people: 里没有经办或没有复核：须两人批准的事永远批不了",
	"nothing was started; name at least one of each, two persons", "没有启动；两种角色至少各写一人，且不是同一人")
ROW(E_SITE_PEOPLE_LOCAL, "site.people_local", ERR_NOTE, 0, "approval: local believes the account that calls the program: whoever can become another user approves for him", "approval: local 只看是哪个账户在操作：能切换成他人账户的人，就能替他人批准",
	"all that is approved so is marked as weak; approval: keys proves more", "这样批准的一律标为“弱”；approval: keys 才能证明是本人")
ROW(E_SITE_REPORT_TO_MONEY, "site.report_to_money", ERR_CONF, 5, "{type} is a report and {destination} makes a bank move money", "{type} 是报表，而 {destination} 会让银行付款", "nothing was started; route it elsewhere", "没有启动；请改走别的去向")
ROW(E_SITE_SHORT_KEY, "site.short_key", ERR_CONF, 3, "the key in {file} has {bytes} bytes, at least 16 are needed", "{file} 里的密钥只有 {bytes} 字节，至少要 16 字节", "make one: head -c 32 /dev/urandom", "生成方法：head -c 32 /dev/urandom")
ROW(E_SITE_REAL_FOLDER, "site.real_folder", ERR_CONF, 5, "{folder} may be a real one: it holds no .jincai-test, and this is a test site", "{folder} 可能是正式的：里面没有 .jincai-test，而本站点是测试站点",
	"nothing was started; when it is for tests alone, make an empty file .jincai-test in it", "没有启动；确为测试专用的，请在其中建一个空文件 .jincai-test")
ROW(E_SITE_SAMPLES, "site.samples", ERR_CONF, 5, "{folder} lies among the files that come with forms: what stands there is invented", "{folder} 位于报文格式自带的文件之中，里面的数据是虚构的",
	"nothing was started; name a folder of the site, or say kind: test", "没有启动；请改用站点自己的文件夹，或写 kind: test")
ROW(E_SITE_SPLIT_NEVER, "site.split_never", ERR_CONF, 3, "{destination} is split by {path}, which form {form} of adapter {adapter} never fills: each {type} of it would be dead there", "{destination} 按 {path} 拆分，而接入 {adapter} 的格式 {form} 从不填它：其每一笔 {type} 在那里都会成为死信",
	"nothing was started; let the form fill it, or send this type to a destination without split", "没有启动；请让格式填上该字段，或把这种类型改走不拆分的去向")
ROW(E_SITE_SPLIT_PERSONAL, "site.split_personal", ERR_CONF, 5, "destination {destination} splits by {path}, which is personal: it would stand in names of folders", "去向 {destination} 按 {path} 分发，而它属于个人信息，会成为文件夹名",
	"split by a field such as data.unit", "请按 data.unit 这样的字段分发")
ROW(E_SITE_TEST_FOLDER, "site.test_folder", ERR_CONF, 5, "{folder} is for tests: it holds .jincai-test, and this is a production site", "{folder} 是测试用的：里面有 .jincai-test，而本站点是正式站点",
	"nothing was started; name the real folder, or say kind: test", "没有启动；请改用正式的文件夹，或写 kind: test")
ROW(E_SITE_UNREACHED, "site.unreached", ERR_NOTE, 0, "no route leads to destination {name}: nothing will go there", "没有路由通向去向 {name}，不会有东西送到那里",
	"add a route, or take the destination out", "请加一条路由，或删去该去向")
ROW(E_SITE_UNROUTED, "site.unrouted", ERR_NOTE, 0, "no route takes {type}, which adapter {adapter} brings<: each of these {what} will be a dead letter>", "没有路由接收 {type}，而接入 {adapter} 会带来它<：每一笔{what}都将是死信>",
	"add a route for it", "请为它加一条路由")
ROW(E_SITE_WEAK_KEY, "site.weak_key", ERR_CONF, 5, "the key in {file} is not random: {distinct} different bytes in {bytes}", "{file} 里的密钥不是随机的：{bytes} 字节中只有 {distinct} 种",
	"nothing was started; make one: head -c 32 /dev/urandom; a test site (kind: test) may have such a key", "没有启动；生成方法：head -c 32 /dev/urandom；测试站点（kind: test）可以用这样的密钥")
ROW(E_SITE_SPLIT, "site.split", ERR_CONF, 3, "destination {destination} splits by {path}, which {type} does not have", "去向 {destination} 按 {path} 分发，而 {type} 没有该字段", "write a path of the event such as data.unit", "请写事件里的路径，如 data.unit")
ROW(E_SITE_START, "site.start", ERR_CONF, 3, "start: {text} is no date", "start: {text} 不是日期", "write it as 2026-12-01", "请写成 2026-12-01")
ROW(E_SITE_TOPIC_FORM, "site.topic_form", ERR_CONF, 3, "form {form} does not say what it publishes: consumers could not tell what they get", "报文格式 {form} 没有写发布什么：使用者无从得知会收到什么",
	"write event: with the type of its schema, such as notice.paid.v1; or hand files over, with file: in its to:", "请写 event: 及其模式的类型，如 notice.paid.v1；或改为交付文件，在 to: 里写 file:")
ROW(E_SITE_GATHER_MONEY, "site.gather_money", ERR_CONF, 3, "destination {destination} makes a bank move money and cannot gather by partition: its batches go whole, under one row of numbers, with one ledger", "去向 {destination} 会让银行付款，不能按分区收集：付款须整批、统一编号、同一交接账",
	"write gather: batch", "请写 gather: batch")
ROW(E_SITE_GATHER_WHOLE, "site.gather_whole", ERR_CONF, 3, "destination {destination} gathers by partition, and {adapter} releases {type} in whole batches: nobody there would see the whole of one", "去向 {destination} 按分区收集，而接入 {adapter} 的 {type} 须整批发送：该处无人能看到整批",
	"write gather: batch; or route there only what is released record by record", "请写 gather: batch；或只把逐笔发送的类型送往该处")
ROW(E_SITE_TOPIC_MODE, "site.topic_mode", ERR_CONF, 3, "destination {destination} cannot run in shadow: what goes to a topic is there to be read", "去向 {destination} 不能试运行：写入主题的就是给人读的",
	"write mode: off, and look at it with jincai try; then mode: live", "请写 mode: off，用 jincai try 查看；之后写 mode: live")
ROW(E_SITE_TOPIC_NAME, "site.topic_name", ERR_CONF, 3, "{name} cannot stand in the name of a topic: 1 to 60 of a-z, 0-9, hyphen", "{name} 不能用在主题名里：1 到 60 个 a-z、0-9、连字符",
	"choose another one, or leave name: out: the topic is then called like the destination", "请换一个，或不写 name:，主题即用去向的名称")
ROW(E_SITE_TOPIC_SPLIT, "site.topic_split", ERR_CONF, 3, "destination {destination} goes to a topic, which is not split", "去向 {destination} 写入主题，主题不拆分",
	"leave split: out: consumers find the unit in each event, and events of one key stay in order", "请去掉 split:；使用者从每个事件里看单位，同一键的事件保持先后次序")
ROW(E_SITE_TOPIC_TWICE, "site.topic_twice", ERR_CONF, 3, "{topic} is written by destination {name} already", "{topic} 已由去向 {name} 写入",
	"each topic has one writer: give one of them another name: in topic:", "每个主题只有一个写入者：请在其中一个的 topic: 里另写 name:")
ROW(E_SITE_TWICE, "site.twice", ERR_CONF, 3, "{name} is used twice", "{name} 用了两次", "names are unique over adapters and destinations, and so are their folders", "接入和去向的名称、文件夹都不能重复")
ROW(E_SITE_INSIDE, "site.inside", ERR_CONF, 3, "{folder}, the folder of {name}, lies inside {outer}, the folder of {other}", "{name} 的文件夹 {folder} 在 {other} 的文件夹 {outer} 之内",
	"nothing was started; give each destination a folder of its own, beside the others", "没有启动；请给每个去向单独的文件夹，与其他文件夹并列")
ROW(E_SELECTION_KEPT, "selection.kept", ERR_CONF, 3, "what was kept of a selection does not fit this site any more: {name}; nothing was read",
	"所保存的选择与现在的站点不符：{name}；什么也没有读", "make it anew", "请重新选择")
ROW(E_SELECTION_NOT_HERE, "selection.not_here", ERR_CONF, 2, "{option} says nothing of what {verb} lists: batches and parcels, not single events; nothing was read",
	"{verb} 列的是批次和发送批，不是逐笔事件，{option} 在这里无从判断；什么也没有读",
	"--topic, --from and --to with a day or a time, --to NAME, --day, --key (batch, keys or file)<; single lines: jincai dead list {option}, jincai tail {option}>",
	"可用 --topic、--from 与 --to（日期或时间）、--to 去向、--day、--key（批次、主键或文件名）<；逐笔查找：jincai dead list {option}、jincai tail {option}>")
ROW(E_SELECTION_OFFSET, "selection.offset", ERR_CONF, 2, "{option} {text}: an offset is of one topic and of a partition that it has; nothing was read",
	"{option} {text}：位移须属于一个主题里已有的分区；什么也没有读", "name one topic: --topic payroll --from @3:1200, where 3 is the partition", "请指明一个主题：--topic payroll --from @3:1200，其中 3 是分区")
ROW(E_SELECTION_RANGE, "selection.range", ERR_CONF, 2, "{from} is not before {to}: nothing can be between them; nothing was read", "{from} 不在 {to} 之前，其间不会有任何事件；什么也没有读",
	"--from is the earlier one; a day counts in whole", "--from 写较早的；日期整天都算在内")
ROW(E_SELECTION_TO, "selection.to", ERR_CONF, 2, "--to {text} is no day, no time, no offset and no destination of this site; nothing was read", "--to {text} 既不是日期、时间、位移，也不是本站点的去向；什么也没有读",
	"<did you mean {near}? >what can stand there: jincai help selection", "<是不是 {near}？>可以怎么写，请看 jincai help selection")
ROW(E_SELECTION_TO_BOTH, "selection.to_both", ERR_CONF, 2, "--to {text} is a time, and a destination has that name, too; nothing was read", "--to {text} 既是时间，又是一个去向的名称；什么也没有读",
	"the destination: --topic to.{text}; the time: write it out, 2026-12-05 14:30", "指去向：--topic to.{text}；指时间：请写全，如 2026-12-05 14:30")
ROW(E_SELECTION_TO_TWICE, "selection.to_twice", ERR_CONF, 2, "--to {text} is given beside another one of its kind; nothing was read", "--to {text} 之外已有一个同类的 --to；什么也没有读",
	"once for up to when, once for a destination", "一次写到何时为止，一次写去向")
ROW(E_SELECTION_TOPIC, "selection.topic", ERR_CONF, 2, "there is no topic {text}; nothing was read", "没有主题 {text}；什么也没有读",
	"<did you mean {near}? >they are listed by jincai topics", "<是不是 {near}？>主题请看 jincai topics")
ROW(E_SELECTION_WHEN, "selection.when", ERR_CONF, 2, "{option} {text} is not understood at character {at}; nothing was read", "{option} {text} 从第 {at} 个字符起看不懂；什么也没有读",
	"2026-12-05, yesterday, 14:30, 2h, @1200; more in jincai help selection", "可写 2026-12-05、昨天、14:30、2小时、@1200；详见 jincai help selection")
ROW(E_TODO_AMBIGUOUS, "todo.ambiguous", ERR_CONF, 2, "more than one thing waits under {number}: {list}; nothing was done", "编号 {number} 对应不止一项待办：{list}；什么也没有做",
	"type one digit more, as jincai todo shows it", "请按 jincai todo 所列，多输入一位数字")
ROW(E_TODO_KIND, "todo.kind", ERR_CONF, 2, "{number} is {is}, this verb takes {want}; nothing was done", "{number} 是{is}，该命令要的是{want}；什么也没有做",
	"jincai todo {number} shows what can be typed for it", "可用的命令见 jincai todo {number}")
ROW(E_TODO_NONE, "todo.none", ERR_CONF, 2, "nothing that waits has the number {number}; nothing was done", "没有编号为 {number} 的待办；什么也没有做",
	"it may have been dealt with since: see jincai todo, jincai audit list", "可能已经办结：请看 jincai todo 和 jincai audit list")
ROW(E_TRACE_NONE, "trace.none", ERR_CONF, 2, "no event and no dead letter stands under {key}", "没有事件也没有死信对应 {key}",
	"write the whole id or number; a file: jincai balance --batch FILE, jincai held show FILE; events by a condition: jincai tail --where", "请写完整的标识或号码；查文件用 jincai balance --batch 文件名、jincai held show 文件名；按条件查找用 jincai tail --where")
ROW(E_OUTPUT, "output.broken", ERR_RETRY, 4, "what was to be written could not all be written: {errno}; what stands there is not the whole",
	"输出没有写全：{errno}；已写出的不完整，不能作数", "make room, or write to another place, and say it again", "请腾出空间或换个地方，再执行一次")
ROW(E_USAGE, "usage", ERR_CONF, 2, "{what}", "{what}", "<did you mean {near}? >see: jincai help< {verb}>", "<是不是 {near}？>请看：jincai help< {verb}>")

/* text, money, digests */
ROW(E_MONEY_DECIMALS, "money.decimals", ERR_DATA, 1,
	"<{field}: >the amount \"{text}\" does not have {want} decimals; it was not rounded and not used",
	"<{field}：>金额“{text}”的小数位数应为 {want} 位，未作舍入，也未采用",
	"have the source write the amount again, or correct the decimals in the form",
	"请来源单位重新出具金额，或更正报文格式中的小数位数")
ROW(E_MONEY_EMPTY, "money.empty", ERR_DATA, 1,
	"<{field}: >the amount is empty; it was not taken for zero", "<{field}：>金额为空，未按零处理",
	"have the source fill in the amount, or declare in the form what an empty amount means",
	"请来源单位补填金额，或在报文格式中写明空金额的含义")
ROW(E_MONEY_RANGE, "money.range", ERR_DATA, 1,
	"the amount or sum \"{text}\" is larger than 92233720368547758.07; nothing was added",
	"金额或合计“{text}”超出 92233720368547758.07，未计入",
	"check whether two columns ran together in the source's file",
	"请核对来源文件中是否有两栏数字连在一起")
ROW(E_MONEY_SYNTAX, "money.syntax", ERR_DATA, 1,
	"<{field}: >\"{text}\" is not an amount as the form declares it (character {at}); it was not used",
	"<{field}：>“{text}”不是报文格式所规定的金额写法（第 {at} 个字符），未采用",
	"compare with the amount format in the form: sign, point, thousands commas, full-width digits",
	"请对照报文格式中的金额格式：正负号、小数点、千分位逗号、全角数字")
ROW(E_TEXT_HALF, "text.half", ERR_DATA, 1,
	"the text ends in half a {charset} character ({hex} at byte {byte}); nothing was guessed or cut off",
	"文本末尾是半个 {charset} 字符（字节偏移 {byte} 处的 {hex}），未猜测也未截去",
	"compare the field's width with the source's layout; if the source cuts so, declare it in the form",
	"请核对该栏宽度与来源的文件格式；若来源系统确是如此截断，请在报文格式中写明")
ROW(E_TEXT_INVALID, "text.invalid", ERR_DATA, 1,
	"the bytes {hex} at byte {byte} are not {charset}; the text was not read",
	"字节偏移 {byte} 处的 {hex} 不是 {charset} 编码，该文本未读入",
	"find out which charset the source really writes and declare that one in the form",
	"请查明来源系统实际使用的字符集，并在报文格式中据实写明")
ROW(E_TEXT_NO_SUCH_CHARACTER, "text.no_such_character", ERR_DATA, 1,
	"the receiver's charset {charset} has no character {char}; nothing was written in its place",
	"接收方字符集 {charset} 中没有“{char}”这个字，未用别的字代替",
	"agree with the receiver on gb18030, or on how this name is to be written",
	"请与接收方商定改用 gb18030，或商定该姓名的写法")
ROW(E_TEXT_NUL, "text.nul", ERR_DATA, 1,
	"the text holds a NUL byte at byte {byte}; it was not read",
	"文本在字节偏移 {byte} 处有空字节（00），该文本未读入",
	"check that the file is text and not UTF-16 or damaged; have the source send it again",
	"请核对文件是否为文本、是否为 UTF-16 或已损坏，并请来源单位重新报送")
ROW(E_TEXT_UNASSIGNED, "text.unassigned", ERR_DATA, 1,
	"the code {hex} at byte {byte} has no character in {charset}; nothing was put in its place",
	"字节偏移 {byte} 处的编码 {hex} 在 {charset} 中没有对应的字，未用别的字代替",
	"if the source writes newer characters, declare gb18030; otherwise ask it which character is meant",
	"若来源系统使用新增汉字，请在报文格式中改为 gb18030；否则请向来源单位问明是哪个字")

/* json */
ROW(E_JSON_BEHIND, "json.behind", ERR_DATA, 1,
	"{key} stands behind the records, or a second time; the form wants it before them, so it was not used",
	"{key} 写在各条记录之后，或重复出现；报文格式要求它在记录之前，故未采用",
	"the records were read, but what {key} says of them was not checked: ask the sender to put it before them",
	"各条记录已读，但未按 {key} 核对；请对方将其写在记录之前")
ROW(E_JSON_DEPTH, "json.depth", ERR_DATA, 1,
	"the JSON text is nested deeper than 32 levels at byte {at}; nothing of it was used",
	"JSON 文本在第 {at} 字节处嵌套超过 32 层；其内容一概未采用",
	"ask the sender for a flatter form, or look whether the text was wrapped again and again",
	"请对方减少嵌套层次，或检查报文是否被反复套封")
ROW(E_JSON_DUPLICATE, "json.duplicate", ERR_DATA, 1,
	"{key} stands twice; which one counts is not guessed, nothing of the record was used",
	"{key} 出现两次；不猜测以哪个为准，该记录一概未采用",
	"ask the sender to write each name once",
	"请对方将每个名称只写一次")
ROW(E_JSON_KIND, "json.kind", ERR_DATA, 1,
	"{column} is an object or array where a text is wanted, or the other way round; nothing of the record was used",
	"{column} 处应为文本却是对象或数组，或正好相反；该记录一概未采用",
	"compare the record with the form's columns: did the vendor change its layout? then correct the form",
	"请将该记录与报文格式的 columns 对照；若厂商改了结构，请相应更正报文格式")
ROW(E_JSON_NO_RECORDS, "json.no_records", ERR_DATA, 1,
	"the document has no array of records at \"{path}\"; nothing of it was read",
	"文件里“{path}”处没有记录数组；整个文件未读入",
	"look where the records stand in the file, and write that path in the form: at:",
	"请查看记录在文件中的位置，并在报文格式的 at: 中写明")
ROW(E_JSON_RECORD, "json.record", ERR_DATA, 1,
	"what stands here is JSON but no object with names; it was not used as a record",
	"此处是 JSON，但不是带名称的对象；未作记录采用",
	"ask the sender what it is; a record is written in braces",
	"请向对方问明；一条记录应写在花括号内")
ROW(E_JSON_STRING, "json.string", ERR_DATA, 1,
	"a string has an escape at its byte {at} that stands for no character we take (\\u0000 or half a pair); the text was not used",
	"字符串第 {at} 字节处的转义不是可接受的字符（\\u0000 或不成对的代理码）；该文本未采用",
	"ask the sender to correct the text; such escapes come from cutting a text in the middle of a character",
	"请对方更正该文本；这类转义多因把一个字从中间截断所致")
ROW(E_JSON_SYNTAX, "json.syntax", ERR_DATA, 1,
	"the text is not JSON: it breaks the grammar at byte {at}; nothing of it was used",
	"文本不是合法的 JSON：第 {at} 字节处不合语法；其内容一概未采用",
	"look at the text around that byte: it may be cut off, or it is no JSON at all; ask the sender to send it again",
	"请查看该字节前后的内容：可能是报文不完整，也可能根本不是 JSON；请对方重新发送")
ROW(E_JSON_TOO_LONG, "json.too_long", ERR_DATA, 1,
	"a record, or what stands before or behind the records, is longer than {max} bytes; from there on nothing of the file was read",
	"有一条记录，或记录之前、之后的部分，超过 {max} 字节；此后的内容未读入",
	"check at: in the form, whether these are the records at all; else ask the sender for smaller ones",
	"请核对报文格式的 at: 是否指向各条记录；若无误，请对方缩短记录")
ROW(E_JSON_UTF8, "json.utf8", ERR_DATA, 1,
	"the JSON text is not UTF-8 at byte {at}; nothing of it was used",
	"JSON 文本第 {at} 字节处不是 UTF-8 编码；其内容一概未采用",
	"the sender probably writes GBK: JSON has to be UTF-8, ask for that",
	"对方很可能使用了 GBK 编码：JSON 必须是 UTF-8，请对方改用 UTF-8 发送")

/* xml */
ROW(E_XML_BASE64, "xml.base64", ERR_DATA, 1,
	"the text of {inside} is not Base64 at byte {byte} of the file; the document in it was not read",
	"{inside} 的内容在文件第 {byte} 字节处不是 Base64；其中的文档未读入",
	"nothing of it was used, what follows was read; have the sender send this one again",
	"其内容一概未采用，后面的照常读入；请对方重新发送这一份")
ROW(E_XML_CHARSET, "xml.charset", ERR_DATA, 1,
	"the document says that its charset is {got}, the form says {want}; it was not read",
	"文档声明的字符集是 {got}，报文格式规定为 {want}；该文档未读入",
	"nothing was guessed; find out what the bytes really are, then correct the form's charset or have the sender correct the declaration",
	"未作猜测；请查明字节实际是哪种编码，再更正报文格式的 charset，或请对方更正声明")
ROW(E_XML_DEPTH, "xml.depth", ERR_DATA, 1,
	"elements are nested deeper than {max} levels at byte {byte}<, in the document inside {inside}>; nothing of it was used",
	"第 {byte} 字节处元素嵌套超过 {max} 层<（{inside} 内的文档）>；其内容一概未采用",
	"ask the sender for a flatter form, or look whether the document was wrapped again and again",
	"请对方减少嵌套层次，或检查报文是否被反复套封")
ROW(E_XML_DOCTYPE, "xml.doctype", ERR_DATA, 1,
	"the document has a DOCTYPE at byte {byte}<, in the document inside {inside}>; such documents are never read",
	"文档在第 {byte} 字节处有 DOCTYPE<（{inside} 内的文档）>；这样的文档一律不读",
	"nothing was used: a DOCTYPE can make a reader fetch files or run out of memory; have the sender leave it out",
	"其内容一概未采用：DOCTYPE 可使读取方访问别的文件或耗尽内存；请对方去掉")
ROW(E_XML_DUPLICATE, "xml.duplicate", ERR_DATA, 1,
	"{column} stands twice; which one counts is not guessed, nothing of the record was used",
	"{column} 出现两次；不猜测以哪个为准，该记录一概未采用",
	"ask the sender to write it once; if it may stand several times, name it as a list in the form: {column}[]",
	"请对方只写一次；若本来就可以有多个，请在报文格式里写成列表：{column}[]")
ROW(E_XML_ENTITY, "xml.entity", ERR_DATA, 1,
	"byte {byte} names an entity that is not one of the five of XML<, in the document inside {inside}>; nothing of it was used",
	"第 {byte} 字节处的实体不在 XML 的五个之内<（{inside} 内的文档）>；其内容一概未采用",
	"have the sender write the character itself, or &amp; for an ampersand",
	"请对方直接写该字符；& 应写作 &amp;")
ROW(E_XML_KIND, "xml.kind", ERR_DATA, 1,
	"{column} holds elements where a text is wanted, or the other way round; nothing of the record was used",
	"{column} 处应为文本却含有元素，或正好相反；该记录一概未采用",
	"compare the record with the form's columns: did the vendor change its layout? then correct the form",
	"请将该记录与报文格式的 columns 对照；若厂商改了结构，请相应更正报文格式")
ROW(E_XML_ROOT, "xml.root", ERR_DATA, 1,
	"the document begins with {got}, where the form has {want}; nothing of it was read",
	"文档的根元素是 {got}，报文格式规定为 {want}；未读入",
	"it is a file of another kind, or the paths under rows: in the form are wrong",
	"可能是另一种文件，也可能是报文格式的 rows: 路径有误")
ROW(E_XML_ROW_TOO_LONG, "xml.row_too_long", ERR_DATA, 1,
	"an element with all the rows inside it is longer than {max} bytes; none of them was read, reading went on behind it",
	"一个元素连同其中的各行超过 {max} 字节；其中各行均未读入，从它之后继续读取",
	"have the sender spread it over several documents, or name the rows alone under rows: when nothing is needed of what is around them",
	"请对方分成几份发送；若不需要外层的内容，报文格式的 rows: 里可以只写里面的行")
ROW(E_XML_SYNTAX, "xml.syntax", ERR_DATA, 1,
	"the document is not XML: it breaks at byte {byte} ({why})<, in the document inside {inside}>; nothing from there on was used",
	"文档不是合法的 XML：第 {byte} 字节处不合语法（{why}）<，{inside} 内的文档>；此后的内容未采用",
	"look at the text around that byte: an ampersand or a less-than sign that is not escaped, or a file put together wrongly; have the sender send it again",
	"请查看该字节前后：可能有未转义的 & 或小于号，也可能文件拼接有误；请对方重新发送")
ROW(E_XML_TOO_LONG, "xml.too_long", ERR_DATA, 1,
	"a tag or comment at byte {byte} is longer than {max} bytes<, in the document inside {inside}>; nothing from there on was used",
	"第 {byte} 字节处的标签或注释超过 {max} 字节<（{inside} 内的文档）>；此后的内容未采用",
	"ask the sender what it is; texts belong into elements, not into attributes",
	"请向对方问明；大段内容应放在元素里，不应放在属性里")
ROW(E_XML_TRUNCATED, "xml.truncated", ERR_DATA, 1,
	"the document ends before its elements are closed (byte {byte})<, in the document inside {inside}>; what was open was not used",
	"文档在元素关闭之前就结束了（第 {byte} 字节）<，{inside} 内的文档>；未关闭的部分未采用",
	"the file was cut off or is not finished; have the sender send it again",
	"文件被截断或尚未写完；请对方重新发送")

/* configuration */
ROW(E_CONF_CHOICE, "conf.choice", ERR_CONF, 3,
	"{key}: {got} is none of the words that may stand here",
	"{key}：此处不能写 {got}",
	"write one of {words}<; the nearest is: {near}>",
	"请写其中之一：{words}<；最接近的是：{near}>")
ROW(E_CONF_CONTROL, "conf.control", ERR_CONF, 3,
	"a control character (hex {hex}) stands here; the file was not read further",
	"此处有控制字符（十六进制 {hex}），其后的内容没有读取",
	"delete the character; perhaps this is no text file",
	"请删除该字符；也可能这不是文本文件")
ROW(E_CONF_DEPTH, "conf.too_deep", ERR_CONF, 3,
	"more than {max} levels stand within each other; the file was not read further",
	"嵌套超过 {max} 层，其后的内容没有读取",
	"check the brackets and the indentation before this place",
	"请检查此处之前的括号和缩进")
ROW(E_CONF_DOCUMENTS, "conf.documents", ERR_CONF, 3,
	"a second document begins here; a file holds one",
	"此处开始了第二个文档，一个文件只能有一个文档",
	"put what follows --- into a file of its own, or delete the line",
	"请把 --- 之后的内容另存为一个文件，或删除这一行")
ROW(E_CONF_DUPLICATE_KEY, "conf.duplicate_key", ERR_CONF, 3,
	"{key} stands twice: first in line {first}",
	"{key} 重复，第一次出现在第 {first} 行",
	"keep one of the two",
	"请只保留一处")
ROW(E_CONF_EMPTY, "conf.empty", ERR_CONF, 3,
	"the file holds nothing but blanks and comments",
	"文件中只有空白或注释，没有内容",
	"perhaps it was not saved, or copied while it was empty; put the right file there",
	"可能没有保存，或复制时还是空文件；请放入正确的文件")
ROW(E_CONF_KEY, "conf.key", ERR_CONF, 3,
	"a list or a mapping stands where a name must stand; the file was not read further",
	"此处应为名称，却是列表或映射，其后的内容没有读取",
	"write name: value; put text that begins with a bracket or ? in quotes",
	"请写成 key: value 的形式；以括号或 ? 开头的文字请加引号")
ROW(E_CONF_MISSING, "conf.missing", ERR_CONF, 3,
	"{key} is missing here",
	"此处缺少 {key}",
	"add the line {key}: ...",
	"请补上一行 {key}: ……")
ROW(E_CONF_NOT_UTF8, "conf.not_utf8", ERR_CONF, 3,
	"the file is not UTF-8: byte {hex} begins no character; nothing of it was used",
	"文件不是 UTF-8 编码：字节 {hex} 不能组成字符，文件内容均未采用",
	"save the file as UTF-8 (it may be GBK or UTF-16 now) and check again",
	"请将文件另存为 UTF-8 编码（现在可能是 GBK 或 UTF-16），再检查一次")
ROW(E_CONF_NUMBER, "conf.number", ERR_CONF, 3,
	"{key}: {got} is no whole number from {min} to {max}",
	"{key}：{got} 不是 {min} 到 {max} 之间的整数",
	"write digits only, without units, commas or decimals",
	"请只写数字，不带单位、逗号或小数")
ROW(E_CONF_REFERENCE, "conf.reference", ERR_CONF, 3,
	"{what}: anchors, aliases, tags and merge keys are not read here",
	"{what}：配置中不支持锚点、引用、标签和合并键",
	"write the value out; put text that begins with & * or ! in quotes",
	"请把值完整写出；以 &、* 或 ! 开头的文字请加引号")
ROW(E_CONF_SYNTAX, "conf.syntax", ERR_CONF, 3,
	"this is not valid YAML or JSON ({why}); nothing of the file was used",
	"此处不是有效的 YAML 或 JSON（{why}），文件内容均未采用",
	"check this line and the one before: indentation by blanks and never tabs, closed quotes and brackets, a blank after the colon",
	"请检查本行和上一行：缩进用空格而不用制表符，引号和括号成对，冒号后留一个空格")
ROW(E_CONF_TOO_LARGE, "conf.too_large", ERR_CONF, 3,
	"the file is larger than {max}; it was not read",
	"文件超过 {max}，没有读取",
	"check that it is the right file; split a long table into several",
	"请确认是否放错文件；很长的对照表请拆成几个文件")
ROW(E_CONF_TYPE, "conf.type", ERR_CONF, 3,
	"{key} must have the form {want}, here it has the form {got}",
	"{key} 应写成 {want} 的形式，这里是 {got} 的形式",
	"write the value in the form {want}; see the reference of this file",
	"请按 {want} 的形式书写；可对照该文件的参考说明")
ROW(E_CONF_UNKNOWN_KEY, "conf.unknown_key", ERR_CONF, 3,
	"{key} is not known here",
	"此处没有 {key} 这一项",
	"<the nearest name is: {near}; >known here: {known}",
	"<最接近的名称是：{near}；>此处可用：{known}")
ROW(E_CONF_UNREADABLE, "conf.unreadable", ERR_CONF, 3,
	"{file} cannot be read: {why}",
	"无法读取 {file}：{why}",
	"check the path and that the program's user may read it",
	"请检查路径，以及运行本程序的用户是否有权读取")

/* files */
ROW(E_DISK_FAILED, "disk.failed", ERR_HALT, 6,
	"the disk did not confirm that {file} is stored ({why}); what was not confirmed does not count as done",
	"磁盘未能确认 {file} 已写入（{why}）；未经确认的内容不算完成",
	"look at the disk and the system log; after the restart the open work is done again from the last confirmed state",
	"请检查磁盘和系统日志；重新启动后从最后一次确认的状态起重做未完成的工作")
ROW(E_DISK_FULL, "disk.full", ERR_RETRY, 4,
	"no space left to write {file} ({why}); nothing was lost and nothing was committed",
	"磁盘空间不足，无法写入 {file}（{why}）；没有丢失数据，也没有提交任何内容",
	"free space; a jincai that still runs goes on by itself, one that has ended goes on when it is started again",
	"请腾出磁盘空间；仍在运行的 jincai 会自动继续，已退出的请重新启动")
ROW(E_FILE_DENIED, "file.denied", ERR_CONF, 3,
	"access to {file} is denied ({why}); nothing was changed",
	"无权访问 {file}（{why}）；未做任何改动",
	"give the account that runs jincai access to the file and its folder, or name another place",
	"请为运行 jincai 的账户授予该文件及其所在文件夹的权限，或改用其他位置")
ROW(E_FILE_EXISTS, "file.exists", ERR_CONF, 3,
	"{file} is there already and was not replaced",
	"{file} 已经存在，未被覆盖",
	"find out who wrote it and move it away, then start again; what has to go there waits",
	"请查明该文件由谁写入并将其移走，然后重新启动；要写到那里的内容仍在等待")
ROW(E_FILE_FAILED, "file.failed", ERR_CONF, 3,
	"{file} cannot be used: {why}; the step was not carried out",
	"无法使用 {file}：{why}；该步骤未执行",
	"remove the reason that is named, then start again",
	"请排除所述原因后重新启动")
ROW(E_FILE_LINK, "file.link", ERR_CONF, 3,
	"{file} is a symbolic link where none is followed; nothing behind it was touched",
	"{file} 是符号链接，此处不跟随链接；链接所指内容未被触动",
	"name the real place instead of the link",
	"请填写真实路径，不要使用链接")
ROW(E_FILE_MISSING, "file.missing", ERR_CONF, 3,
	"{file} does not exist; nothing was read or changed",
	"{file} 不存在；未读取任何内容，也未做任何改动",
	"check the name and the folder; names differ in upper and lower case",
	"请核对名称和所在文件夹；名称区分大小写")
ROW(E_FILE_NOT_REGULAR, "file.not_regular", ERR_CONF, 3,
	"{file} is no ordinary file (a folder, a pipe or a device); it was not read",
	"{file} 不是普通文件（是文件夹、管道或设备）；未读取",
	"name an ordinary file",
	"请指定一个普通文件")
ROW(E_FILE_OTHER_DEVICE, "file.other_device", ERR_CONF, 3,
	"{file} lies on another file system, a move to there is not one step; nothing was moved",
	"{file} 位于另一个文件系统，无法一步移动到位；未移动任何内容",
	"put both folders on the same file system",
	"请将两个文件夹放在同一个文件系统上")
ROW(E_FILE_TOO_LARGE, "file.too_large", ERR_CONF, 3,
	"{file} is larger than the {max} bytes that are allowed here; it was not used",
	"{file} 超过此处允许的 {max} 字节；未采用",
	"check that it is the right file; split it when it is",
	"请核对是否为正确的文件；如无误，请拆分")

/* schemas and code tables */
ROW(E_CODES_BROKEN, "codes.broken", ERR_CONF, 3,
	"the code table {table} has faults of its own, named elsewhere in this list; nothing was looked up in it",
	"代码表 {table} 本身有误（另行列出），未从中查询任何代码",
	"correct the table first; this finding then goes away by itself",
	"请先更正该代码表，此问题随即消失")
ROW(E_CODES_COLUMNS, "codes.columns", ERR_CONF, 3,
	"the code table's columns do not fit: {want} wanted, {got} found; none of the table was used",
	"代码表的栏目不符：应为 {want}，实为 {got}；整张表均未采用",
	"compare the line with the header line and with key and value in the table's yaml file; put text with a comma in quotes",
	"请将该行与表头、以及同名 yaml 文件中的 key、value 对照；内容含逗号时请加引号")
ROW(E_CODES_DUPLICATE_KEY, "codes.duplicate_key", ERR_CONF, 3,
	"the code {code} stands twice in one edition, first in line {first}; neither was used",
	"同一版次中代码 {code} 重复，首次出现在第 {first} 行；两行均未采用",
	"keep the line that is right; if both are, they belong to two editions",
	"请保留正确的一行；如两行都对，应分属两个版次")
ROW(E_CODES_EMPTY, "codes.empty", ERR_CONF, 3,
	"the column {column} is empty in this line of the code table; none of the table was used",
	"代码表本行的 {column} 栏为空；整张表均未采用",
	"fill it in or delete the line",
	"请补填，或删除该行")
ROW(E_CODES_OVERLAP, "codes.overlap", ERR_CONF, 3,
	"the editions {one} and {other} are both valid in {year}; none of the table was used",
	"版次 {one} 与 {other} 在 {year} 年同时有效；整张表均未采用",
	"give each fiscal year one edition",
	"请使每个会计年度只对应一个版次")
ROW(E_CODES_QUOTE, "codes.quote", ERR_CONF, 3,
	"a quoted cell of the code table does not end as it should; the table was not read further",
	"代码表中带引号的单元格没有正常结束，其后内容未读取",
	"write a quote within a cell twice, and only a comma or the line's end behind the closing one",
	"单元格内的引号请写两次；结束引号之后只能是逗号或行尾")
ROW(E_CODES_UNKNOWN_TABLE, "codes.unknown_table", ERR_CONF, 3,
	"there is no code table {table}", "没有名为 {table} 的代码表",
	"<the nearest name is: {near}; >a table is a yaml file and its csv files in a codes folder",
	"<最接近的名称是：{near}；>代码表由 codes 文件夹中的 yaml 文件及其 csv 文件组成")
ROW(E_SCHEMA_BYTES, "schema.bytes", ERR_DATA, 1,
	"{field} needs more than {want} bytes in {charset}, the strictest receiver takes no more; it was not cut",
	"{field} 按 {charset} 编码超过 {want} 字节，为最严格接收方所不容；未作截断",
	"have the source shorten it, or declare a cut in the form if the receiver allows that",
	"请来源单位缩短；如接收方允许截断，请在报文格式中写明")
ROW(E_SCHEMA_CHOICE, "schema.choice", ERR_DATA, 1,
	"{field} holds none of the values that are allowed: {want}; nothing was put in its place",
	"{field} 的值不在允许范围内：{want}；未用别的值代替",
	"correct the source or the mapping of this field",
	"请更正来源数据或该字段的映射")
ROW(E_SCHEMA_CONTROL, "schema.control", ERR_CONF, 3,
	"{marked} fields are marked x-control among {amounts} amounts; one amount must be, so that totals can be proved",
	"{amounts} 个金额字段中有 {marked} 个标为 x-control；须有且仅有一个金额字段带此标记，才能核对合计",
	"mark the one amount that totals count, with format money",
	"请只在计入合计的那个金额字段（format 为 money）上标记")
ROW(E_SCHEMA_DATE, "schema.date", ERR_DATA, 1,
	"{field} is no real date or month of the form {want}; it was not guessed",
	"{field} 不是 {want} 形式的真实日期或月份；未作猜测",
	"check how the source writes dates and the conversion in the form",
	"请核对来源的日期写法与报文格式中的转换")
ROW(E_SCHEMA_EXAMPLE, "schema.example", ERR_CONF, 3,
	"an example in the schema breaks the schema: {field} ({code})",
	"模式文件中的示例不符合该模式：{field}（{code}）",
	"correct the example or the rule",
	"请更正示例或规则")
ROW(E_SCHEMA_ID, "schema.id", ERR_CONF, 3,
	"$id is {id}, the file is called {file}: they must be the same name ending in .json",
	"$id 为 {id}，文件名为 {file}：两者须一致，并以 .json 结尾",
	"give both the name of the event type, such as payroll.line.v1.json",
	"请将两者都写成事件类型名，如 payroll.line.v1.json")
ROW(E_SCHEMA_KEYWORD, "schema.keyword", ERR_CONF, 3,
	"{keyword} is no keyword that schemas use here", "此处的模式不使用关键字 {keyword}",
	"<the nearest is: {near}; >a rule that cannot be said so belongs into a check of the form",
	"<最接近的是：{near}；>无法如此表达的规则请写成报文格式中的检查")
ROW(E_SCHEMA_ITEMS, "schema.items", ERR_DATA, 1,
	"{field} has {got} items, {want} are allowed; the event was not used", "{field} 有 {got} 项，允许 {want} 项；该事件未采用",
	"nothing was left out; ask the source, or see whether the schema's maxItems is too small", "没有截掉任何一项；请询问来源系统，或核对模式的 maxItems 是否过小")
ROW(E_SCHEMA_KIND, "schema.kind", ERR_DATA, 1,
	"{field} must be {want} in JSON; the event was not used", "{field} 在 JSON 中应为 {want}；该事件未采用",
	"have the producer write text in quotes, amounts and codes too, and parts in braces",
	"请生产方把文本（包括金额和代码）写在引号内，把组合字段写在花括号内")
ROW(E_SCHEMA_LENGTH, "schema.length", ERR_DATA, 1,
	"{field} has {got} characters, {want} are allowed; it was neither cut nor filled up",
	"{field} 有 {got} 个字符，允许 {want} 个；未截断也未补足",
	"correct the source, or the columns of the form if neighbours ran together",
	"请更正来源数据；如相邻栏目连在一起，请更正报文格式的栏目")
ROW(E_SCHEMA_MISSING, "schema.missing", ERR_DATA, 1,
	"{field} is missing; nothing was put in its place", "缺少 {field}；未用别的值代替",
	"fill it in at the source, or map it in the form",
	"请在来源补填，或在报文格式中加上映射")
ROW(E_SCHEMA_MONEY, "schema.money", ERR_DATA, 1,
	"{field} is no amount with exactly two decimals, such as 1234.50; it was not used",
	"{field} 不是恰有两位小数的金额（如 1234.50）；未采用",
	"correct the conversion of the amount in the form",
	"请更正报文格式中该金额的转换")
ROW(E_SCHEMA_NAME, "schema.name", ERR_CONF, 3,
	"{name} cannot be the name of a field: letters, digits and _ only, a letter first",
	"{name} 不能用作字段名：只能用字母、数字和下划线，且以字母开头",
	"choose another name; the text for people stands in title and x-title-zh",
	"请改名；给人看的名称写在 title 和 x-title-zh 中")
ROW(E_SCHEMA_NUMBER, "schema.number", ERR_CONF, 3, "{field} is marked x-number, and is personal, no plain text or in a list; the schema is not used",
	"{field} 标了 x-number，但它涉及个人信息、不是普通文本或在列表里；该模式不予使用",
	"take x-number off it: only numbers of vouchers, payments and banks are looked for", "请去掉它的 x-number：只有凭证号、缴款码、流水号一类可供查找")
ROW(E_SCHEMA_PATTERN, "schema.pattern", ERR_CONF, 3,
	"the pattern cannot be used as it stands: {pattern} (character {at})",
	"无法使用该 pattern：{pattern}（第 {at} 个字符）",
	"write ^...$ out of letters, digits, [..], \\d, . and the counts {n} {n,m} ? * +, each other sign behind a \\; no choices, no groups",
	"请写成 ^……$，只用文字、数字、[..]、\\d、. 和次数 {n} {n,m} ? * +，其他符号前加 \\；不支持多选和分组")
ROW(E_SCHEMA_REF, "schema.ref", ERR_CONF, 3,
	"{ref} leads to nothing that can stand here, or in a circle",
	"{ref} 所指不存在、不能用在此处，或循环引用",
	"write #/$defs/NAME, FILE.json#/$defs/NAME for a file beside this one, or the name of a property",
	"请写 #/$defs/名称，或同一文件夹中的 文件.json#/$defs/名称，或一个字段名")
ROW(E_SCHEMA_SHAPE, "schema.shape", ERR_DATA, 1,
	"{field} does not have the form {want}; it was not used", "{field} 的写法不符合 {want}；未采用",
	"compare with the source's document; blanks, full-width digits and shifted columns are the usual causes",
	"请与来源单据核对；常见原因是空格、全角数字或栏目错位")
ROW(E_SCHEMA_TWICE, "schema.twice", ERR_DATA, 1,
	"{field} stands twice in one event; the event was not used", "同一事件中 {field} 出现两次；该事件未采用",
	"have the producer write each field once",
	"请生产方对每个字段只写一次")
ROW(E_SCHEMA_TYPE, "schema.type", ERR_CONF, 3,
	"{type} cannot stand here: an event is an object, and each of its fields is text (string), an object or a list (array) of objects of texts",
	"此处不能用 {type}：事件是 object，其字段只能是文本（string）、object，或由文本组成的 object 的列表（array）",
	"write string for amounts, dates and codes too; their form is said by format and pattern",
	"金额、日期和代码也请写 string，其形式由 format 和 pattern 规定")
ROW(E_SCHEMA_UNKNOWN, "schema.unknown", ERR_DATA, 1,
	"the event type has no field {field}; the event was not used", "该事件类型没有字段 {field}；该事件未采用",
	"<the nearest name is: {near}; >correct the mapping, or add the field in a new version of the schema",
	"<最接近的名称是：{near}；>请更正映射，或在新版模式中增加该字段")

/* bus and store */
ROW(E_BUS_AWAY, "bus.away", ERR_RETRY, 4,
	"no broker of {address} answers ({what}: {why}); nothing of this step was published, nothing is lost",
	"{address} 的 Kafka 服务器没有应答（{what}：{why}）；本步骤的内容未发布，也没有丢失",
	"nothing, if it is being restarted: it is tried again without end; else look at the network, the names and the brokers",
	"若服务器正在重启，无须处理，程序会一直重试；否则请检查网络、主机名和服务器")
ROW(E_BUS_BEHIND, "bus.behind", ERR_RETRY, 4,
	"topic {topic}, partition {partition} was read up to {have} only, not to its end at {want}<: a transaction that began at {open} is still open there>; nothing was decided on what is not known",
	"主题 {topic} 分区 {partition} 只读到 {have}，未到末尾 {want}<：从 {open} 开始的一个事务尚未结束>；未依据不完整的内容作任何处理",
	"wait a minute: an owner that died is cut off by the brokers; if it stays, where a transaction is open look for the process that writes this topic; else at this host, and at its line to the brokers",
	"请等一分钟：已中断的写入方会被服务器切断；若一直如此，有事务未结束的，请查看写入该主题的进程；没有的，请查看本机及其与服务器的网络")
ROW(E_BUS_CLOCK, "bus.clock", ERR_NOTE, 0,
	"the clock of this host is <{fast} minutes fast><{slow} minutes slow>, measured by the brokers'; nothing was held back or sent twice because of it",
	"本机时钟比 Kafka 服务器<快 {fast} 分钟><慢 {slow} 分钟>；没有因此漏发或重复",
	"set the clock of this host, or of the brokers, by the time server (chronyc tracking shows which is wrong): days of files and of signatures go by it",
	"请用时间服务器校准本机或 Kafka 服务器的时钟（chronyc tracking 可看出哪一个不准）：文件日期和签批期限都以它为准")
ROW(E_BUS_COMMIT_FAILED, "bus.commit_failed", ERR_HALT, 6,
	"the store could not finish a commit: {why}; the next start shows whether it counts, and nothing was sent because of it",
	"存储未能完成一次提交：{why}；该次提交是否有效以下次启动时为准，没有因此送出任何内容",
	"look after the disk (space, health), then start again; work goes on where the last commit ended",
	"请检查磁盘的空间和健康状况后重新启动；程序从上一次成功的提交处接着做")
ROW(E_BUS_DENIED, "bus.denied", ERR_CONF, 5,
	"the brokers at {address} refuse us ({what}: {why}); nothing was published",
	"{address} 的 Kafka 服务器拒绝了本程序（{what}：{why}）；未发布任何内容",
	"correct user, password file, certificate or rights; jincai topics --acls prints which rights each service needs",
	"请更正用户、口令文件、证书或权限；jincai topics --acls 会列出各服务所需的权限")
ROW(E_BUS_CERTIFICATE_HOST, "bus.certificate_host", ERR_CONF, 5,
	"the certificate of broker {broker} is for {names}, not for this name; nothing was sent to it",
	"Kafka 服务器 {broker} 的证书是给 {names} 的，不是给这个名称的；没有向它发送任何内容",
	"write a name of the certificate behind bus: kafka:, and have the broker tell it to its clients (advertised.listeners); or have a certificate made for this name",
	"请在 bus: kafka: 后写证书里的名称，并请 Kafka 管理人员在 advertised.listeners 中也写它；或为此名称另行签发证书")
ROW(E_BUS_CERTIFICATE_NONE, "bus.certificate_none", ERR_CONF, 5,
	"the brokers at {address} ask for a certificate, and kafka: names none ({why}); nothing was published",
	"{address} 的 Kafka 服务器要求出示证书，而 kafka: 里没有写（{why}）；未发布任何内容",
	"have one made for this service, and name it in kafka: with certificate: FILE and key: FILE",
	"请为本服务签发证书，并在 kafka: 里写 certificate: 文件 和 key: 文件")
ROW(E_BUS_CERTIFICATE_OWN, "bus.certificate_own", ERR_CONF, 5,
	"the brokers at {address} refuse our certificate {file} (valid from {from} until {until}): {why}; nothing was published",
	"{address} 的 Kafka 服务器拒绝了本程序的证书 {file}（有效期 {from} 至 {until}）：{why}；未发布任何内容",
	"when it has expired, have a new one made; else the brokers have to trust who signed it (ssl.truststore): give this message to who runs them",
	"若已过期，请重新签发；否则须由 Kafka 服务器信任其签发机构（ssl.truststore），请把本信息交给 Kafka 管理人员")
ROW(E_BUS_CERTIFICATE_TIME, "bus.certificate_time", ERR_CONF, 5,
	"the certificate of broker {broker} is valid from {from} until {until}, and by the clock of this host it is {now}; nothing was sent to it",
	"Kafka 服务器 {broker} 的证书有效期为 {from} 至 {until}，而本机时间是 {now}；没有向它发送任何内容",
	"when the clock is right, have who runs the brokers put in a new certificate; else set the clock; then start again",
	"若本机时间正确，请 Kafka 管理人员更换证书；否则请校准本机时间；然后重新启动")
ROW(E_BUS_CERTIFICATE_TRUST, "bus.certificate_trust", ERR_CONF, 5,
	"nobody< in {ca}> vouches for the certificate of broker {broker}, which {issuer} has signed ({why}); nothing was sent to it",
	"Kafka 服务器 {broker} 的证书由 {issuer} 签发，不在所信任的机构之列<（{ca}）>：{why}；没有向它发送任何内容",
	"ask who runs the brokers, by another way than this connection, for the certificate of their authority, and name its file in kafka: with ca: FILE",
	"请另行（不经此连接）向 Kafka 管理人员索取其签发机构的证书，并在 kafka: 里写 ca: 文件")
ROW(E_BUS_FAILED, "bus.failed", ERR_RETRY, 4,
	"the brokers answered a call with an error ({what}: {why}); nothing of this step was published",
	"Kafka 服务器以错误答复了一次调用（{what}：{why}）；本步骤的内容未发布",
	"nothing at first: the flow opens again; if it ends itself, give this message to who runs the brokers",
	"暂时无须处理，该流会重新打开；若程序因此退出，请把本信息交给管理 Kafka 的人员")
ROW(E_BUS_FENCED, "bus.fenced", ERR_HALT, 7,
	"another process, here or on another host, has taken over {flow}; this one writes no more, nothing of its last step was published",
	"{flow} 已由另一个进程（本机或别的主机上）接管；本进程不再写入，最后一步的内容均未发布",
	"nothing, if that was meant; else find out who started it: {flow} runs in one process alone",
	"若本来就要由它接管，无须处理；否则请查明是谁启动的：{flow} 只能在一个进程里运行")
ROW(E_BUS_GONE, "bus.gone", ERR_CONF, 5,
	"topic {topic}, partition {partition}: what stood at {want} is no longer kept by the brokers, they begin at {have}: {count} places are gone; nothing was skipped, nothing was sent",
	"主题 {topic} 分区 {partition}：位点 {want} 处的内容已不在服务器上，现存内容从 {have} 开始，缺 {count} 个位点；没有跳过，也没有送出任何内容",
	"stop, raise the retention of the topic (jincai check --live says to what), compare with the sources which batches are missing",
	"请停止运行，调大该主题的保留时间（jincai check --live 会给出数值），并与来源核对缺少哪些批次")
ROW(E_BUS_LOGIN, "bus.login", ERR_CONF, 5,
	"the brokers at {address} do not let user {user} in with the password in {file} ({why}); nothing was published",
	"{address} 的 Kafka 服务器不接受用户 {user} 和 {file} 里的密码（{why}）；未发布任何内容",
	"compare both with who runs the brokers: user: in jincai.yaml, the password on one line of {file}; then start again",
	"请与 Kafka 管理人员核对：jincai.yaml 里的 user:，以及 {file} 里一行的密码；然后重新启动")
ROW(E_BUS_LOOK_ONLY, "bus.look_only", ERR_CONF, 2,
	"the bus was opened for looking only, so {flow} cannot be run from here; nothing was changed",
	"总线以只读方式打开，不能在此运行 {flow}；未作任何改动",
	"start it with: jincai run",
	"请用 jincai run 启动")
ROW(E_BUS_MECHANISM, "bus.mechanism", ERR_CONF, 5,
	"the brokers at {address} do not take {mechanism}<, but {have}>; nothing was published",
	"{address} 的 Kafka 服务器不支持 {mechanism}<，支持的是 {have}>；未发布任何内容",
	"write one that they take behind mechanism:, or have them take this one (sasl.enabled.mechanisms)",
	"请在 mechanism: 后写它支持的方式，或请 Kafka 管理人员启用这一种（sasl.enabled.mechanisms）")
ROW(E_BUS_NAME, "bus.name", ERR_CONF, 3,
	"“{name}” cannot be a name here: 1 to 100 of a-z 0-9 . - _ (an act: 1 to 64 of a-z 0-9 -); nothing was made",
	"“{name}”不能用作名称：限 1 至 100 个 a-z 0-9 . - _（操作单编号限 1 至 64 个 a-z 0-9 -）；未建立任何内容",
	"give it another name in jincai.yaml",
	"请在 jincai.yaml 中改名")
ROW(E_BUS_NO_SHARES, "bus.no_shares", ERR_CONF, 3,
	"a flow cannot run in shares on this bus ({flow}): one process alone runs all of it; nothing was started",
	"本总线由一个进程独自运行，流不能分份运行（{flow}）；没有启动",
	"leave --part and shares: out; a flow runs in shares on Kafka",
	"请去掉 --part 和 shares:；分份运行须使用 Kafka 总线")
ROW(E_BUS_NO_TOPIC, "bus.no_topic", ERR_CONF, 3,
	"there is no topic {name} on this bus; nothing was made",
	"总线上没有主题 {name}；未建立任何内容",
	"check the name; a topic appears when the first flow that writes it has run",
	"请核对名称；主题在写入它的流首次运行后才会出现")
ROW(E_BUS_OWNED, "bus.owned", ERR_RETRY, 4,
	"{flow} runs on host {host}< (process {pid})>, which was heard of {seconds} seconds ago; this process waits and has changed nothing",
	"{flow} 正在主机 {host} 上运行<（进程 {pid}）>，{seconds} 秒前仍有消息；本进程等待，未作任何改动",
	"stop it there, or wait: 30 seconds after the last sign of life it is taken over; jincai run --take-over does not wait",
	"请在那台主机上停止它，或等待：失去消息 30 秒后由本进程接管；jincai run --take-over 不等待")
ROW(E_BUS_PARTITIONS, "bus.partitions", ERR_CONF, 3,
	"this bus has {have} partitions, jincai.yaml says {want}; the number is fixed for life, nothing was started",
	"本总线有 {have} 个分区，而 jincai.yaml 写的是 {want} 个；分区数终身不变，程序未启动",
	"put {have} back into jincai.yaml; another number needs a new bus",
	"请把 jincai.yaml 改回 {have}；要用别的分区数须新建总线")
ROW(E_BUS_RESET, "bus.reset", ERR_RETRY, 4,
	"the last commit of {flow} had to be sent again< ({sent} times)>, a copy may still be under way; it counts once, and the flow opens again before its next",
	"{flow} 的上一次提交曾重发<（共 {sent} 次）>，可能还有副本在途；它只算一次，该流先重新打开再继续",
	"nothing; if it is often so, look at the network to the brokers",
	"无须处理；若经常出现，请检查到 Kafka 服务器的网络")
ROW(E_BUS_RIGHT, "bus.right", ERR_CONF, 5,
	"{who} lacks the right {right} on {kind}< {name}>; nothing was published",
	"{who} 缺少对 {kind}< {name}> 的 {right} 权限；未发布任何内容",
	"let an administrator of the cluster run kafka-acls.sh --bootstrap-server {address} --add --allow-principal '{who}' --operation {right} --{kind}< {name}><, or make the topics: {verb}>; all rights that are needed: jincai topics --acls",
	"请集群管理员执行 kafka-acls.sh --bootstrap-server {address} --add --allow-principal '{who}' --operation {right} --{kind}< {name}><，或由其建立主题：{verb}>；所需的全部权限：jincai topics --acls")
ROW(E_BUS_SCRAM, "bus.scram", ERR_CONF, 5,
	"{mechanism} does not work between librdkafka {have} and brokers of Kafka 4: they refuse every password; nothing was published",
	"librdkafka {have} 的 {mechanism} 不能用于 Kafka 4 的服务器：任何密码都会被拒绝；未发布任何内容",
	"install librdkafka 2.6.1 or newer; or log in by certificate: and key:, or by mechanism: PLAIN together with ca:",
	"请安装 librdkafka 2.6.1 或更新版本；或改用 certificate: 和 key:，或 mechanism: PLAIN 加 ca:")
ROW(E_BUS_SETTING, "bus.setting", ERR_CONF, 3,
	"the connection to the brokers cannot be set up ({name}: {why}); nothing was started",
	"无法建立到 Kafka 服务器的连接设置（{name}：{why}）；程序未启动",
	"correct kafka: in jincai.yaml and the files that it names",
	"请更正 jincai.yaml 中 kafka: 一节及其所指的文件")
ROW(E_BUS_SHORTER, "bus.shorter", ERR_CONF, 5,
	"topic {topic}, partition {partition} ends at {have}, although it had been read up to {want} before: the brokers have lost what stood there, or the topic was made anew; nothing was skipped, nothing was sent",
	"主题 {topic} 分区 {partition} 现在到 {have} 为止，而以前已读到 {want}：服务器丢失了其中的内容，或该主题被重新建立过；没有跳过，也没有送出任何内容",
	"stop and start nothing that pays; have the records brought back from a copy of the cluster, or begin with another prefix (kafka: prefix) after you have compared ledgers and sources for what was paid",
	"请停止运行，不要启动付款流程；请由集群管理人员从备份恢复这些记录，或先用台账和来源核对已付内容，再换一个前缀（kafka: prefix）重新开始")
ROW(E_BUS_STUCK, "bus.stuck", ERR_HALT, 6,
	"{flow} could not be opened twice within a minute ({what}: {why}); the process ends, nothing of its last step was published",
	"{flow} 一分钟内两次打开失败（{what}：{why}）；进程退出，最后一步的内容未发布",
	"give this message to who runs the brokers; started again, the flow goes on where its last commit ended",
	"请把本信息交给管理 Kafka 的人员；重新启动后，该流从上一次成功的提交处接着做")
ROW(E_BUS_TOO_LARGE, "bus.too_large", ERR_DATA, 1,
	"{what} is too large for the bus: {size} bytes, at most {max}; it was not published",
	"{what} 超出总线上限：{size} 字节，最多 {max} 字节；未发布",
	"look at the record in the source; a field that holds a whole document belongs into a file of its own",
	"请查看来源中的这条记录；若某栏装了整份文件，应改为单独的文件")
ROW(E_BUS_TOPIC_MAKE, "bus.topic_make", ERR_CONF, 3,
	"topic {name} is not there and cannot be made: {why}; nothing was started",
	"主题 {name} 不存在，也无法建立：{why}；程序未启动",
	"have the topics made by who may: jincai topics --create",
	"请有权限的人员建立主题：jincai topics --create")
ROW(E_BUS_TOPICS, "bus.topics", ERR_CONF, 3,
	"a bus has at most {max} topics; the new one was not made",
	"一条总线最多 {max} 个主题；新主题未建立",
	"take destinations that are no longer used out of jincai.yaml",
	"请从 jincai.yaml 中去掉不再使用的去向")
ROW(E_BUS_UNKNOWN, "bus.unknown", ERR_HALT, 6,
	"the bus gave no clear answer to a commit of {flow}: it may have happened or not; nothing was sent twice because of it",
	"总线对 {flow} 的一次提交没有明确答复，可能已完成，也可能没有；没有因此重复发送",
	"nothing: the flow opens again and asks what its position is; if this repeats, look at the bus and the network",
	"无须处理：该流会重新打开并以位点为准；若反复出现，请检查总线与网络")
ROW(E_BUS_URL, "bus.url", ERR_CONF, 3,
	"“{url}” is no bus that this program can open; nothing was started",
	"“{url}”不是本程序能打开的总线；程序未启动",
	"write after bus: in jincai.yaml either embedded:FOLDER or kafka:HOST:PORT,HOST:PORT",
	"请在 jincai.yaml 的 bus: 后写 embedded:文件夹，或 kafka:HOST:PORT,HOST:PORT（HOST 为主机，PORT 为端口）")
/* a cluster */
ROW(E_KAFKA_DENIED, "kafka.denied", ERR_CONF, 1, "the right {right} on {what} is missing: it cannot be looked at; nothing was changed", "缺少对 {what} 的 {right} 权限，无法查看；未作任何改动",
	"let an administrator of the cluster grant it; all rights that are needed: jincai topics --acls", "请集群管理员授权；所需的全部权限：jincai topics --acls")
ROW(E_KAFKA_EXPIRATION, "kafka.expiration", ERR_CONF, 1, "the brokers forget after {have} days who was silent ({setting}): over a long holiday that is too soon", "Kafka 服务器的 {setting} 只有 {have} 天：长假期间停用的程序会被忘记",
	"set {setting} to {want} ({days} days) on each broker; nothing was changed", "请在每个 Kafka 服务器上把 {setting} 设为 {want}（{days} 天）；未作任何改动")
ROW(E_KAFKA_FEW, "kafka.few", ERR_NOTE, 0, "the cluster has {n} brokers now: with fewer than three each record has one copy, and a disk that fails loses it", "集群现有 {n} 个 Kafka 服务器：少于三个时每条记录只有一份，磁盘损坏就会丢失",
	"for money take three brokers on three machines; topics that were made before get more copies by kafka-reassign-partitions.sh", "涉及付款请用三台机器上的三个 Kafka 服务器；已建主题的副本数用 kafka-reassign-partitions.sh 增加")
ROW(E_KAFKA_IN_SYNC, "kafka.in_sync", ERR_RETRY, 4, "topic {topic} has {have} copies in sync, {want} are needed: it takes no records now; nothing is lost", "主题 {topic} 现有 {have} 份同步副本，至少要 {want} 份：目前无法写入；没有丢失任何东西",
	"start the brokers that are down; it goes on by itself", "请启动停下的 Kafka 服务器；之后会自动继续")
ROW(E_KAFKA_LEADER, "kafka.leader", ERR_RETRY, 4, "{n} partitions of topic {topic} have no leader: they can neither be read nor written now; nothing is lost", "主题 {topic} 有 {n} 个分区没有 leader：目前不能读写；没有丢失任何东西",
	"start the brokers that are down; it goes on by itself", "请启动停下的 Kafka 服务器；之后会自动继续")
ROW(E_KAFKA_LIBRARY, "kafka.library", ERR_CONF, 3, "librdkafka {have} is installed, {want} or newer is needed: what older ones do with transactions was not tested; nothing was started", "已安装的 librdkafka 是 {have}，至少须 {want}：更旧版本的事务没有测试过；没有启动任何流程",
	"install a newer librdkafka (Debian 12 has 2.0.2); jincai --version shows which one is used", "请安装更新的 librdkafka（Debian 12 自带 2.0.2）；jincai --version 显示所用的版本")
ROW(E_KAFKA_MESSAGE_BYTES, "kafka.message_bytes", ERR_CONF, 1, "topic {topic} takes records up to {have} bytes, {want} are needed: a large one would stop its flow", "主题 {topic} 的单条上限为 {have} 字节，至少要 {want}：遇到大的记录会停下",
	"kafka-configs.sh --alter --topic NAME --add-config max.message.bytes={want}; nothing was changed", "请执行 kafka-configs.sh --alter --topic 主题 --add-config max.message.bytes={want}；未作任何改动")
ROW(E_KAFKA_MIN_IN_SYNC, "kafka.min_in_sync", ERR_CONF, 1, "a record on topic {topic} counts when {have} copies have it: a broker that fails loses what was confirmed", "主题 {topic} 的记录只要 {have} 份写入就算数：Kafka 服务器损坏会丢失已确认的内容",
	"kafka-configs.sh --alter --topic NAME --add-config min.insync.replicas={want}; nothing was changed", "请执行 kafka-configs.sh --alter --topic 主题 --add-config min.insync.replicas={want}；未作任何改动")
ROW(E_KAFKA_NO_TOPIC, "kafka.no_topic", ERR_CONF, 1, "topic {topic} is not there; nothing was made", "没有主题 {topic}；什么也没有建",
	"make it: jincai topics --create", "请建立：jincai topics --create")
ROW(E_KAFKA_NONE, "kafka.none", ERR_CONF, 2, "the bus of this site is {url}, no cluster: there is nothing to be made or looked at there; nothing was done", "本站点的总线是 {url}，不是集群，无可建立或查看；什么也没有做",
	"jincai topics alone lists what is there; for a cluster write bus: kafka:HOST:PORT", "只列出主题请用 jincai topics；使用集群请写 bus: kafka:HOST:PORT（HOST 为主机，PORT 为端口）")
ROW(E_KAFKA_OLD, "kafka.old", ERR_CONF, 3, "the brokers do not know what is needed of them<: {why}>; nothing was started", "Kafka 服务器不支持本程序所需的功能<：{why}>；没有启动任何流程",
	"upgrade the brokers: Kafka 3.9 and 4.1 are tested, without transactions (0.11) it cannot be done", "请升级 Kafka 服务器：本程序在 Kafka 3.9 和 4.1 上测试过，至少须支持事务（0.11）")
ROW(E_KAFKA_PARTITIONS, "kafka.partitions", ERR_CONF, 3, "topic {topic} has {have} partitions, the site says {want}: the number is fixed for life, since with another one what belongs together would no longer follow each other; nothing was changed", "主题 {topic} 有 {have} 个分区，而站点写的是 {want} 个：分区数终身不变，否则同一单位的记录不再按先后排列；未作任何改动",
	"put partitions: {have} into jincai.yaml when all topics have as many; else another prefix: and new topics are needed", "若各主题都是 {have} 个，请在 jincai.yaml 写 partitions: {have}；否则须换 prefix: 并新建主题")
ROW(E_KAFKA_POLICY, "kafka.policy", ERR_CONF, 3, "topic {topic} has cleanup.policy={have}, it has to be {want}: records would vanish that are needed", "主题 {topic} 的 cleanup.policy 是 {have}，应为 {want}：否则会清除还要用的记录",
	"kafka-configs.sh --alter --topic NAME --add-config cleanup.policy={want}, at once; nothing was changed", "请立即执行 kafka-configs.sh --alter --topic 主题 --add-config cleanup.policy={want}；未作任何改动")
ROW(E_KAFKA_REPLICATION, "kafka.replication", ERR_CONF, 1, "topic {topic} has {have} copies of each record, {want} are needed: a disk that fails would lose it", "主题 {topic} 的记录有 {have} 份，应有 {want} 份：磁盘损坏会丢失",
	"give it more by kafka-reassign-partitions.sh; nothing was changed", "请用 kafka-reassign-partitions.sh 增加副本；未作任何改动")
ROW(E_KAFKA_RETENTION, "kafka.retention", ERR_CONF, 1, "topic {topic} keeps records for {have} days, the site wants {want}: what is older could no longer be looked up or proved", "主题 {topic} 保留 {have} 天，站点要求 {want} 天：更早的将无法查询和核对",
	"kafka-configs.sh --alter --topic NAME --add-config retention.ms={ms}; or write keep_days: {have}; nothing was changed", "请执行 kafka-configs.sh --alter --topic 主题 --add-config retention.ms={ms}；或写 keep_days: {have}；未作任何改动")
ROW(E_KAFKA_RETENTION_BYTES, "kafka.retention_bytes", ERR_CONF, 1, "topic {topic} drops the oldest records of a partition beyond {have} bytes, whatever their age", "主题 {topic} 每个分区超过 {have} 字节就会丢弃最早的记录，不论时间",
	"kafka-configs.sh --alter --topic NAME --add-config retention.bytes=-1; nothing was changed", "请执行 kafka-configs.sh --alter --topic 主题 --add-config retention.bytes=-1；未作任何改动")
ROW(E_KAFKA_STAMP, "kafka.stamp", ERR_CONF, 1, "topic {topic} has message.timestamp.type={have}: times of records would be those of any clock", "主题 {topic} 的 message.timestamp.type 是 {have}：记录的时间会取自各台机器的时钟",
	"kafka-configs.sh --alter --topic NAME --add-config message.timestamp.type=LogAppendTime; nothing was changed", "请执行 kafka-configs.sh --alter --topic 主题 --add-config message.timestamp.type=LogAppendTime；未作任何改动")
ROW(E_KAFKA_STATE_LOG, "kafka.state_log", ERR_CONF, 1, "{setting} of the brokers is {have}: whether a commit counts would be lost with one broker", "Kafka 服务器的 {setting} 为 {have}：一个 Kafka 服务器损坏，就无从得知提交是否有效",
	"set it to {want} on each broker before the first transaction; later by kafka-reassign-partitions.sh for __transaction_state; nothing was changed", "请在第一次使用事务之前，在每个 Kafka 服务器上设为 {want}；之后须用 kafka-reassign-partitions.sh 调整 __transaction_state；未作任何改动")
ROW(E_KAFKA_TIMEOUT, "kafka.timeout", ERR_CONF, 3, "the brokers allow transactions of {have} ms at most (transaction.max.timeout.ms), {want} are needed: no flow could start", "Kafka 服务器允许的事务最长 {have} 毫秒（transaction.max.timeout.ms），需要 {want}：任何流程都无法启动",
	"set transaction.max.timeout.ms to 900000, its default, on each broker; nothing was changed", "请在每个 Kafka 服务器上把 transaction.max.timeout.ms 设为缺省值 900000；未作任何改动")
ROW(E_KAFKA_TOMBSTONES, "kafka.tombstones", ERR_CONF, 1, "topic {topic} forgets after {have} hours that something was taken away (delete.retention.ms): a host that was off for longer would take it for still there", "主题 {topic} 在 {have} 小时后就会忘记某项已被取走（delete.retention.ms）：停机更久的主机会以为它还在",
	"kafka-configs.sh --alter --topic NAME --add-config delete.retention.ms={ms}; on a host that was off for longer delete the folder of the index before it is started; nothing was changed", "请执行 kafka-configs.sh --alter --topic 主题 --add-config delete.retention.ms={ms}；停机更久的主机，启动前请删除其索引文件夹；未作任何改动")
ROW(E_KAFKA_UNCLEAN, "kafka.unclean", ERR_CONF, 1, "topic {topic} lets a copy lead that is behind (unclean.leader.election.enable): what was confirmed would be lost", "主题 {topic} 允许落后的副本成为 leader（unclean.leader.election.enable）：会丢失已确认的内容",
	"kafka-configs.sh --alter --topic NAME --add-config unclean.leader.election.enable=false; nothing was changed", "请执行 kafka-configs.sh --alter --topic 主题 --add-config unclean.leader.election.enable=false；未作任何改动")
ROW(E_DEAD_DATA, "dead.data", ERR_DATA, 1,
	"the dead letter cannot be read: \"{name}\" is missing or not as it should be; it stays where it is, nothing was retried or returned",
	"死信无法读取：“{name}”缺失或不合规定；死信仍在原处，未重试也未退回",
	"call the maintainers with the place of this dead letter: it was not written by this program",
	"请把该死信的位置告知维护人员：它不是本程序写入的")
ROW(E_EVENT_ATTRIBUTE, "event.attribute", ERR_DATA, 1,
	"the event's attribute \"{name}\" is missing or not as it should be; the event was not used",
	"事件的属性“{name}”缺失或不合规定；该事件未被采用",
	"ask whoever writes these events to correct the attribute (CloudEvents 1.0, structured JSON)",
	"请写入这类事件的一方更正该属性（CloudEvents 1.0 结构化 JSON 格式）")
ROW(E_EVENT_SYNTAX, "event.syntax", ERR_DATA, 1,
	"the text is no event as a JSON object (byte {at}); it was not used",
	"该文本不是 JSON 对象形式的事件（第 {at} 字节）；未被采用",
	"find out who writes to this topic: only events belong on it (CloudEvents 1.0, structured JSON)",
	"请查明是谁在向该主题写入：此处只应写入事件（CloudEvents 1.0 结构化 JSON 格式）")
ROW(E_INDEX_FOREIGN, "index.foreign", ERR_DATA, 1,
	"topic {topic} holds a record that no flow of this site wrote; it was passed over: not routed, not sent, counted nowhere",
	"主题 {topic} 上有一条不是本站点的流写入的记录；已跳过：没有路由，没有发送，没有计入任何合计",
	"see jincai todo; find out who writes to this topic, and take that right away",
	"见 jincai todo；请查明是谁写入该主题，并收回其权限")
ROW(E_INDEX_RECORD, "index.record", ERR_HALT, 6,
	"a record of our own lacks a right \"{name}\", so the look-up table {index} would be wrong; nothing was committed or skipped",
	"本系统自己写入的一条记录缺少正确的“{name}”，查找表 {index} 会因此出错；未提交、也未跳过任何记录",
	"do not delete anything; keep the place that is named and call the maintainers: another program may have written to this topic",
	"请勿删除任何数据；记下所示位置并联系维护人员：可能有其他程序写入了该主题")
ROW(E_JOURNAL_RECORD, "journal.record", ERR_HALT, 6, "the record {id} on jincai.journal is not one of ours; nothing was added up", "jincai.journal 上的记录 {id} 不是本系统写的；没有汇总",
	"the store may be damaged, or somebody else wrote to it; put it back from a copy", "总线可能已损坏，或被他人写入过；请用备份恢复")
ROW(E_TOTALS_NAME, "totals.name", ERR_CONF, 3,
	"\"{name}\" is too long for the name of a destination (64 bytes) or a currency (3 letters); it was not counted",
	"“{name}”作为去向名称（最多 64 字节）或币种代码（3 个字母）过长；未计入合计",
	"shorten the destination's name, or correct the currency in the form's mapping",
	"请缩短去向名称，或在报文格式的映射中更正币种")
ROW(E_TOTALS_NEGATIVE, "totals.negative", ERR_HALT, 6,
	"more was to be taken from the total \"{term}\" ({destination} {currency}) than it holds; nothing was committed",
	"要从合计“{term}”（{destination} {currency}）中转出的数额超过其现有数额；未提交任何内容",
	"run jincai balance --deep and call the maintainers; after the restart the last confirmed totals are used",
	"请运行 jincai balance --deep 并联系维护人员；重新启动后以最后一次确认的合计为准")
ROW(E_TOTALS_STATE, "totals.state", ERR_HALT, 6,
	"the stored totals cannot be read (row {row}); nothing was counted anew or guessed",
	"保存的合计无法读取（第 {row} 行）；未重新计数，也未猜测",
	"restore the store from its last copy, or call the maintainers; jincai balance --deep counts from the raw files",
	"请用最近的备份恢复库，或联系维护人员；jincai balance --deep 可依据原始文件重新清点")
ROW(E_STORE_BUSY, "store.busy", ERR_RETRY, 4,
	"process {pid} has kept the index of this host to itself for {seconds} s; nothing of this step was written there, and what is on the bus stays as it is",
	"进程 {pid} 独占本机索引已达 {seconds} 秒；本步骤未写入索引，总线上的内容不受影响",
	"see whether it was stopped (ps -o stat= -p {pid} shows T): let it go on with kill -CONT {pid}, or end it; work goes on by itself",
	"请查看该进程是否被暂停（ps -o stat= -p {pid} 显示 T）：用 kill -CONT {pid} 让它继续，或将其结束；随后会自动继续")
ROW(E_STORE_DAMAGED, "store.damaged", ERR_HALT, 6,
	"the store is damaged at {topic}, partition {partition}, offset {offset}: the bytes are not those that were written; nothing from there on was read or sent",
	"存储在 {topic} 分区 {partition} 位点 {offset} 处损坏：内容与写入时不符；该处及以后的内容均未读取、未送出",
	"stop, keep the folder as it is, look at the disk and the memory, restore the last backup; compare with the destinations before anything is released",
	"请停止运行，原样保留该文件夹，检查磁盘和内存，恢复最近的备份；放行之前先与各去向核对")
ROW(E_STORE_EMPTIED, "store.emptied", ERR_HALT, 6,
	"the index of this host was damaged and was emptied; what was asked of it has no answer, nothing of this step was done",
	"本机索引曾损坏，已被清空；无法据此查询，本步骤未作任何处理",
	"nothing to do: after the next start it is folded anew from the bus, and work goes on then; look at the disk if it comes again",
	"无须处理：下次启动后会依据总线重新建立索引，随后继续；若反复出现，请检查磁盘")
ROW(E_STORE_FAILED, "store.failed", ERR_HALT, 6,
	"the store cannot go on ({what}: {why}); nothing of this step was committed",
	"存储无法继续（{what}：{why}）；本步骤未提交任何内容",
	"start again; if it comes back, keep the folder as it is, restore the last backup, and compare with the destinations before anything is released",
	"请重新启动；若再次出现，请原样保留该文件夹并恢复最近的备份，放行之前先与各去向核对")
ROW(E_STORE_FOLDING, "store.folding", ERR_RETRY, 4,
	"the store is just being looked through after it ended out of order; look-ups would not be complete, nothing was shown",
	"存储上次未正常关闭，正在全面检查；此时查询结果不完整，故未显示任何内容",
	"ask again in a few minutes; if no jincai runs, start it: it finishes the work",
	"请过几分钟再查；若没有 jincai 在运行，请启动它，它会完成检查")
ROW(E_STORE_FULL, "store.full", ERR_RETRY, 4,
	"the store is full: {used} of at most {max} bytes are in use; nothing was lost, nothing new is taken in until there is room",
	"存储已满：已用 {used} 字节，上限 {max} 字节；没有丢失数据，腾出空间之前不再接收新内容",
	"give the bus more room in jincai.yaml (the disk must have it), then start again",
	"请在 jincai.yaml 中调大总线的空间上限（磁盘须有余量），然后重新启动")
ROW(E_STORE_LEASED, "store.leased", ERR_CONF, 5,
	"another jincai (process {pid}) is working with this store; this one has changed nothing",
	"另一个 jincai（进程 {pid}）正在使用该存储；本进程未作任何改动",
	"leave that one running, or stop it first; to look is allowed beside it",
	"请让那个进程继续运行，或先将其停止；查看类命令可以同时使用")
ROW(E_STORE_MISSING, "store.missing", ERR_CONF, 3,
	"there is no store in {folder}; nothing was made",
	"{folder} 中没有存储；未建立任何内容",
	"check the folder after bus: in jincai.yaml; the first start of jincai run makes it",
	"请核对 jincai.yaml 中 bus: 后的文件夹；首次执行 jincai run 时会建立")
ROW(E_STORE_NEWER, "store.newer", ERR_CONF, 3,
	"what lies here was last written by a newer program, {program}: it is of format {have}, and this program knows {want} at most; nothing was read, changed or paid",
	"这里的内容由更新的程序 {program} 写入：格式为 {have}，本程序最多只认得 {want}；没有读取、改动或支付任何内容",
	"run the newer program (jincai --version says which one this is), install it again where it is gone; an older one would count by rules that no longer hold. The way back is a backup from before the upgrade: all money stops until two people have compared",
	"请运行更新的程序（jincai --version 显示本程序的版本），没有了就重新安装；旧程序的统计规则已不适用。要退回旧程序，只能恢复升级前的备份：两人核对之前所有付款停止")
ROW(E_STORE_VERSION, "store.version", ERR_CONF, 3,
	"the store is of format {have}, this program works with {want}; it was not touched",
	"该存储的格式为 {have}，本程序使用 {want}；未触动该存储",
	"use the program that made it, or follow the upgrade notes",
	"请使用建立它的那一版程序，或按升级说明操作")

/* lanes and flows */
ROW(E_FLOW_NO_ACTS, "flow.no_acts", ERR_CONF, 5,
	"{flow} takes no acts; nothing was changed",
	"{flow} 不接受操作单；未作任何改动",
	"address the act to the flow that holds the batch or the letter: see jincai list",
	"请把操作单交给持有该批次或死信的流：见 jincai list")
ROW(E_FLOW_POSITION, "flow.position", ERR_HALT, 6, "the position {name} cannot be read", "位点 {name} 读不懂",
	"the flow stopped; nothing was sent; keep the store as it is and ask for help", "流程已停，没有发出任何东西；请保留现场并求助")
ROW(E_LANE_FORK, "lane.fork", ERR_HALT, 6,
	"an event comes from lane “{lane}”, which has ended or was never opened here; this flow stands still, nothing was sent on",
	"有事件来自通道“{lane}”，而该通道已结束或从未在此打开；本流已停住，此后内容均未送出",
	"do not force it: two writers may have been at work, or a store was restored; compare with the source before going on",
	"切勿强行继续：可能有两个进程同时写入，或存储曾被恢复；请先与来源核对")
ROW(E_LANE_GAP, "lane.gap", ERR_HALT, 6,
	"events of lane {lane} are missing: {want} was next, {got} came; this flow stands still, nothing was sent on",
	"通道 {lane} 的事件有缺失：应为第 {want} 号，实到第 {got} 号；本流已停住，此后内容均未送出",
	"something was lost from the bus (retention, restore, damage): compare the balance with the source before going on",
	"总线上的内容有丢失（过期删除、恢复或损坏）：请先平账并与来源核对")
ROW(E_LANE_STATE, "lane.state", ERR_HALT, 6,
	"the lane numbers in the position of {flow} cannot be read; this flow stands still, nothing was sent on",
	"{flow} 位点中的通道号无法读取；本流已停住，此后内容均未送出",
	"the store is damaged or was written by another edition: keep a copy of it and call the maintainers",
	"存储已损坏或由其他版本写入：请保留副本并联系维护人员")

/* groups of consumers */
ROW(E_GROUP_ACK, "group.ack", ERR_CONF, 2,
	"the consumer acknowledged “{text}”, which is not the oldest line that it was given of its partition and has not acknowledged< ({want})>; the position of group {group} is behind all lines before it",
	"消费程序确认了“{text}”，而它不是该分区已给出、尚未确认的最早一条<（{want}）>；消费组 {group} 的位点停在此前各条之后",
	"mend the consumer: for each line that it has done it writes the place of that line, in the order of each partition; then start again",
	"请修改消费程序：每处理完一行，写回该行的 place，各分区按给出的次序；然后重新启动")
ROW(E_GROUP_BEYOND, "group.beyond", ERR_CONF, 5,
	"group {group} stands at {have} of {topic}, partition {partition}, and that ends at {end}: the store is an older one, or another; nothing was given, the position was not moved",
	"消费组 {group} 在 {topic} 分区 {partition} 的位点是 {have}，而该分区只到 {end}：存储是较旧的或另一份；没有给出任何内容，位点未动",
	"when a backup was put back: compare with the consumer what it has, then read under another --group; it drops by id what it has",
	"若是恢复了备份：请与消费方核对已有内容，再换一个 --group 名称重新读取，消费方按标识去重")
ROW(E_GROUP_BUSY, "group.busy", ERR_CONF, 5,
	"process {pid} reads for group {group}; this one has read nothing and moved nothing",
	"进程 {pid} 正在为消费组 {group} 读取；本进程什么也没有读，位点未动",
	"leave that one running, or stop it first; another consumer takes a --group of its own",
	"请让那个进程继续运行，或先停止它；另一个消费程序请用自己的 --group 名称")
ROW(E_GROUP_DAMAGED, "group.damaged", ERR_CONF, 5,
	"the position of group {group} cannot be read; nothing was given, nothing was changed",
	"消费组 {group} 的位点读不懂；没有给出任何内容，未作任何改动",
	"put groups/{group}/position in the folder of the bus back from a backup, or read under another --group: the consumer drops by id what it has",
	"请从备份恢复总线文件夹里的 groups/{group}/position，或换一个 --group 名称重新读取，消费方按标识去重")
ROW(E_GROUP_GONE, "group.gone", ERR_CONF, 5,
	"{topic}, partition {partition}: group {group} would go on at {want}, and what is there begins at {have}; nothing was skipped, nothing was given",
	"{topic} 分区 {partition}：消费组 {group} 应从 {want} 继续，而现存内容从 {have} 开始；没有跳过，也没有给出任何内容",
	"compare with the consumer what it lacks, then read under another --group",
	"请与消费方核对缺少哪些，再换一个 --group 名称重新读取")
ROW(E_GROUP_NAME, "group.name", ERR_CONF, 2,
	"“{name}” cannot be the name of a group: 1 to 64 of a-z 0-9 . - _, no dot in front; nothing was made",
	"“{name}”不能用作消费组名称：限 1 至 64 个 a-z 0-9 . - _，不以点开头；未建立任何内容",
	"give it another name: --group warehouse", "请换一个名称：--group warehouse")
ROW(E_GROUP_OTHER, "group.other", ERR_CONF, 5,
	"{topic}, partition {partition}: what stands at {offset} is not what group {group} has had there: the store was put back, or is another; nothing was given, the position was not moved",
	"{topic} 分区 {partition}：位移 {offset} 处的内容不是消费组 {group} 当时读到的：存储曾被恢复，或是另一份；没有给出任何内容，位点未动",
	"compare with the consumer what it has, then read under another --group; it drops by id what it has",
	"请与消费方核对已有内容，再换一个 --group 名称重新读取，消费方按标识去重")
ROW(E_GROUP_TOPIC, "group.topic", ERR_CONF, 2,
	"a group reads what is published for consumers, and {topic} is no such topic of this site; nothing was given, nothing was made",
	"消费组只读对外发布的主题，本站点没有这样的主题：{topic}；没有给出任何内容，未建立任何内容",
	"name the topic of a destination whose to: is a topic, as jincai topics lists it: --topic out.notices.v1, or a replay for consumers: --topic replay.NAME; without --group jincai tail shows others, masked",
	"请指明 to: 为 topic 的去向的主题（见 jincai topics）：--topic out.notices.v1，或供外部使用者的重放主题：--topic replay.名称；其他主题可不带 --group 查看（已遮蔽）")

ROW(E_SHARES_BUSY, "shares.busy", ERR_RETRY, 4,
	"another process is about to change the number of shares of {flow}; this one waits, it has read nothing and written nothing",
	"另一个进程正在改变 {flow} 的份数；本进程等待，没有读入，也没有写入任何内容",
	"nothing, if all shares were just started; else start share 0 as well",
	"若各份都是刚刚启动，无须处理；否则请把第 0 份也启动")
ROW(E_SHARES_MANY, "shares.many", ERR_CONF, 3,
	"{shares} shares, and each topic has {partitions} partitions only: some would have nothing to read; nothing was started",
	"份数 {shares} 多于每个主题的分区数 {partitions}，有的份无可读取；没有启动",
	"take at most {partitions} shares",
	"份数最多为 {partitions}")
ROW(E_SHARES_NEWER, "shares.newer", ERR_HALT, 7,
	"another number of shares was chosen for {flow} meanwhile; this process writes no more, nothing of its last step was published",
	"{flow} 已改用别的份数；本进程不再写入，最后一步的内容均未发布",
	"start the shares with the number that jincai.yaml says under shares:, and take the old ones out of what starts services",
	"请按 jincai.yaml 中 shares: 的份数启动各份，并从服务管理中去掉旧的各份")
ROW(E_SHARES_OTHER, "shares.other", ERR_CONF, 5,
	"{flow} runs in {have} shares, this process was started as one of {want}; it has read nothing and written nothing",
	"{flow} 现分 {have} 份运行，而本进程按 {want} 份启动；没有读入，也没有写入任何内容",
	"start it as one of {have}; or, to change the number, write shares: {want} into jincai.yaml of every host and start all {want}",
	"请按 {have} 份启动；若要改变份数，请在各主机的 jincai.yaml 写 shares: {want}，再启动全部 {want} 份")
ROW(E_SHARES_SITE, "shares.site", ERR_CONF, 5,
	"jincai.yaml says shares: {have} of {flow}, this process was started as one of {want}; nothing was started",
	"jincai.yaml 写的是 {flow} 分 {have} 份（shares:），而本进程按 {want} 份启动；没有启动",
	"start each share by itself: jincai run {flow} --part 0/{have}, and so on; all other flows by their names",
	"请逐份启动：jincai run {flow} --part 0/{have} 等；其他各流按名称启动")
ROW(E_SHARES_WAITING, "shares.waiting", ERR_CONF, 5,
	"{flow} is stopped, or an act waits there for approval or for what destinations answer: with another number of shares that would be forgotten; nothing was started",
	"{flow} 已停下，或有操作单待签批、待各去向答复：改变份数会使其失效；没有启动",
	"settle it first, with the number of shares as it was: jincai todo",
	"请先按原来的份数处理完：jincai todo")

/* acts: what a person decided, and could not be done */
ROW(E_ACT_CHANGED, "act.changed", ERR_CONF, 5, "{subject} is no longer as it was when this was decided; nothing was changed",
	"{subject} 已不是当时的状态；未作任何改动", "look again, then decide anew: jincai todo", "请再看一次，然后重新决定：jincai todo")
ROW(E_ACT_SHOWS, "act.shows", ERR_CONF, 5, "what the order shows to those who sign is not what {flow} itself finds; nothing was changed, nothing was sent",
	"操作单给签批人看的内容，与 {flow} 自己查到的不同；未作任何改动，一笔未发",
	"ask anew with the verb; when it was not made by a verb: find out who wrote it (jincai audit list)",
	"请用命令重新提出；若操作单不是由命令生成的，请查明是谁写的（jincai audit list）")
ROW(E_ACT_EXPIRED, "act.expired", ERR_CONF, 5, "the day on which it could be approved is over; nothing was changed, nothing was sent",
	"签批期限已过（限当个工作日）；未作任何改动，一笔未发", "decide it anew, and have it approved on the same working day", "请重新发起，并在当个工作日内签批")
ROW(E_ACT_GONE, "act.gone", ERR_CONF, 5, "there is no {subject} here; nothing was changed", "这里没有 {subject}；未作任何改动",
	"what waits stands in jincai todo", "等人处理的事项请看 jincai todo")
ROW(E_ACT_NO_PEOPLE, "act.no_people", ERR_CONF, 5, "this takes two people, and the site names nobody who may approve: nothing was changed, nothing was sent",
	"此事须两人签批，而站点没有指定经办和复核人员：未作任何改动，一笔未发", "name a handler and a checker with their keys under people: in the site file",
	"请在站点文件 people: 下写明经办、复核人员及其公钥")
ROW(E_ACT_LETTERS, "act.letters", ERR_CONF, 5, "{subject} has more dead letters than one act can end; nothing was changed", "{subject} 的死信太多，一张操作单了结不完；未作任何改动",
	"retry first what can go on: jincai held retry {subject} --reason TEXT", "请先重试能继续的：jincai held retry {subject} --reason 原因")
ROW(E_ACT_MAY_BE_SENT, "act.may_be_sent", ERR_CONF, 5, "of {subject} something was handed over, or may be at any moment; nothing was changed", "{subject} 已有部分送出，或随时可能送出；未作任何改动",
	"a batch can be given back only while no destination has handed anything of it over, and one that goes record by record not at all: see jincai held show {subject}; ask the receiver what it has", "各去向都还没有送出任何一笔时，整批发送的批次才能退回，逐笔发送的不能整批退回：见 jincai held show {subject}；请向接收方核对已收到什么")
ROW(E_ACT_NO_DESTINATION, "act.no_destination", ERR_CONF, 5, "the destination that the dead letter names is not in the site, or does not take such events; nothing was changed", "死信所列的去向不在站点中，或不接收这类事件；未作任何改动",
	"put the destination back, or give the letter back: jincai dead return NUMBER --reason TEXT", "请恢复该去向，或退回这封死信：jincai dead return 编号 --reason 原因")
ROW(E_ACT_NO_LETTERS, "act.no_letters", ERR_CONF, 5, "{subject} has no open dead letter at {flow}; nothing was changed", "{subject} 在 {flow} 没有未了结的死信；未作任何改动",
	"see why it waits: jincai held show {subject}", "等待的原因见 jincai held show {subject}")
ROW(E_ACT_NOT_HERE, "act.not_here", ERR_CONF, 5, "{subject} is held at a destination: it cannot be given back from there; nothing was changed",
	"{subject} 挂起在去向处，不能从那里退回；未作任何改动", "see jincai held show {subject}; ask for a right file under another batch number",
	"见 jincai held show {subject}；请来源系统换批次号重报正确文件")
ROW(E_ACT_NOT_PROPOSED, "act.not_proposed", ERR_CONF, 5, "no act {subject} waits for approval here; nothing was changed",
	"这里没有待签批的操作单 {subject}；未作任何改动", "it may be done, or its day is over: jincai approve list, jincai audit list",
	"可能已办理，或已过期：见 jincai approve list、jincai audit list")
ROW(E_ACT_NOT_PROVED, "act.not_proved", ERR_CONF, 5, "nobody gave {subject} back: no slip was written, nothing was changed", "并没有人退回 {subject}：没有开退回单，未作任何改动",
	"an order for a slip is written by the program alone; look at jincai audit list for who wrote this one", "要求开退回单的操作单只由程序自己写；是谁写的，请看 jincai audit list")
ROW(E_ACT_NOT_SUSPECTED, "act.not_suspected", ERR_CONF, 5, "{subject} is not held for suspected doubles; nothing was changed",
	"{subject} 不是因疑似重复付款而挂起；未作任何改动", "see why it waits: jincai held show {subject}", "看它为何等待：jincai held show {subject}")
ROW(E_ACT_NOT_SEEN, "act.not_seen", ERR_CONF, 5, "only duplicates are put aside so: {subject} waits for another reason; nothing was changed",
	"只有重复报送才能这样了结：{subject} 是因别的原因等待；未作任何改动", "give it back with a slip: jincai held return {subject} --reason TEXT",
	"请开退回单退回：jincai held return {subject} --reason 原因")
ROW(E_ACT_NOT_STOPPED, "act.not_stopped", ERR_CONF, 5, "{subject} is not stopped; nothing was changed", "{subject} 并未停下；未作任何改动",
	"see what waits: jincai todo", "等人处理的事项请看 jincai todo")
ROW(E_STOP_UNKNOWN, "stop.unknown", ERR_CONF, 2, "{subject} is no flow of the site, no batch, no file that came, and no id or number of an event: nothing was stopped, all goes on", "{subject} 不是站点的流，也不是批次、来过的文件、事件的标识或号码：什么也没有停下，一切照常进行",
	"<did you mean {near}? >see what there is: jincai topics, jincai trace NUMBER; what has not come yet is stopped by its whole id", "<是不是 {near}？>可用 jincai topics、jincai trace 号码 查看；尚未到达的，请写完整的标识")
ROW(E_STOP_WHICH, "stop.which", ERR_CONF, 2, "more than one event has the number {subject}: nothing was stopped, all goes on", "号码 {subject} 对应不止一个事件：什么也没有停下，一切照常进行",
	"stop the one that is meant by its id: jincai trace {subject}", "请查明是哪一个，用标识叫停：jincai trace {subject}")
ROW(E_ACT_REASON, "act.reason", ERR_CONF, 2, "a reason must be given: it stands in the slip and in the audit; nothing was changed",
	"必须写明原因，它会写进退回单和操作记录；未作任何改动", "add --reason TEXT (at most 200 bytes, no end of line)", "请加 --reason 原因（最多 200 字节，不得换行）")
ROW(E_ACT_SHARE, "act.share", ERR_CONF, 5, "{subject} lies, whole or in part, with another share than {flow}, or the number of shares was changed meanwhile; nothing was changed",
	"{subject} 的全部或一部分由 {flow} 以外的另一份负责，或份数刚刚变过；未作任何改动",
	"do it again; if it says so again, run the router whole for it: shares: 1 in jincai.yaml, then jincai run router, and do it once more",
	"请再做一次；若仍如此，请让路由器整体运行后再做：在 jincai.yaml 写 shares: 1，然后 jincai run router")
ROW(E_ACT_STOPPED_BEFORE, "act.stopped_before", ERR_CONF, 5, "{subject} has been stopped before; it stays so", "{subject} 此前已停下；维持不变",
	"to let it go on: jincai resume {subject} --reason TEXT", "要恢复：jincai resume {subject} --reason 原因")
ROW(E_ACT_TOO_MANY, "act.too_many", ERR_CONF, 5, "too many acts wait for approval with this flow, or too much is stopped at it; nothing was changed",
	"该流待签批的操作单太多，或已叫停的事项太多；未作任何改动",
	"approve them, let their day pass, or let go on what need not stand: jincai approve list, jincai todo",
	"请先签批、待其过期，或恢复不必再停的事项：见 jincai approve list、jincai todo")
ROW(E_ACT_UNKNOWN, "act.unknown", ERR_CONF, 5, "{flow} does not know such an act; nothing was changed", "{flow} 不认识这种操作单；未作任何改动",
	"use the program of the same version as the one that runs the site", "请使用与运行站点相同版本的程序")
ROW(E_ACT_UNDER_WAY, "act.under_way", ERR_CONF, 5, "{subject} is still being read by {flow}; nothing was changed", "{flow} 还在读取 {subject}；未作任何改动", "do it again in a minute", "请一分钟后再做一次")
ROW(E_ACT_WAITS, "act.waits", ERR_RETRY, 1, "the act {act} was handed in, and {flow} has not executed it yet: nothing was changed so far",
	"操作单 {act} 已提交，{flow} 尚未执行：到目前为止未作任何改动", "it is executed as soon as the site runs: jincai run; see jincai audit list",
	"站点运行后自动执行：jincai run；结果见 jincai audit list")
ROW(E_ACT_WENT_OUT, "act.went_out", ERR_CONF, 5, "{subject} was handed over to {flow} before; nothing was changed, and what its receiver has cannot be called back from here",
	"{subject} 此前已交付 {flow}；未作任何改动，接收方已收到的，无法从这里追回", "call the receiver at once; see jincai held show {subject}",
	"请立即联系接收方；见 jincai held show {subject}")
ROW(E_ACT_WHOLE, "act.whole", ERR_CONF, 5, "its batch goes out whole or not at all: one line alone cannot be given back; nothing was changed", "该批要么整批发送，要么一笔不发：不能单独退回一笔；未作任何改动",
	"give the whole batch back: jincai held return BATCH --reason TEXT", "请退回整批：jincai held return 批次 --reason 原因")

/* people, signatures */
ROW(E_APPROVE_CLOCK, "approve.clock", ERR_CONF, 5, "the act was asked for at {at}, which is later than this machine's clock: the clock was set back",
	"该操作单的提出时间 {at} 晚于本机时钟：时钟被拨回过", "nothing was approved; set the clock right, then look with jincai todo whether money stands still",
	"没有批准；请校准时钟，再用 jincai todo 看付款是否已停")
ROW(E_APPROVE_DIGEST, "approve.digest", ERR_CONF, 5, "{name} approved another text than that of this act: another act, or one that was changed since",
	"{name} 批准的不是这张操作单的内容：是另一张，或内容后来改过", "nothing was approved; look at it again (jincai approve list), compare the digest by phone, then approve what is there now",
	"没有批准；请重新查看（jincai approve list），电话核对摘要，再批准现有的内容")
ROW(E_APPROVE_ELSEWHERE, "approve.elsewhere", ERR_CONF, 5, "this act was written for another site, or for another flow than {flow}", "该操作单是写给别的站点或别的流程的，不是 {flow}",
	"nothing was approved and nothing was changed; ask for the act again with this program", "没有批准，也没有改动；请用本程序重新提出")
ROW(E_APPROVE_EMPTY, "approve.empty", ERR_CONF, 2, "nobody has signed {file} yet", "{file} 还没有人签名",
	"nothing was approved; to sign it: jincai approve {file} --key KEY", "没有批准；签名：jincai approve {file} --key 密钥文件")
ROW(E_APPROVE_FILE, "approve.file", ERR_CONF, 2, "{file} is no act that was written by jincai approve ACT --export", "{file} 不是 jincai approve 操作单号 --export 写出的文件",
	"nothing was approved; export it again", "没有批准；请重新导出")
ROW(E_APPROVE_KEY, "approve.key", ERR_CONF, 5, "the key {file} belongs to nobody who may approve here", "密钥 {file} 不属于本站点任何一名经办或复核",
	"nothing was signed; use your own key, or have its public half put under people: and adopted", "没有签名；请用本人的密钥，或先把其公钥写入 people: 并采用")
ROW(E_APPROVE_LATE, "approve.late", ERR_CONF, 5, "this act could be approved until the end of {until}; today is {today}", "该操作单只能在 {until} 当天结束前批准，今天是 {today}",
	"nothing was approved and nothing was executed; whoever needs it asks for it again", "没有批准，也没有执行；如仍需要，请重新提出")
ROW(E_APPROVE_NOBODY, "approve.nobody", ERR_CONF, 5, "{name} is not among the people of this site", "本站点的人员中没有 {name}",
	"nothing was approved; the names stand under people: in jincai.yaml, and count once they are adopted", "没有批准；名单见 jincai.yaml 的 people:，经采用后才生效")
ROW(E_APPROVE_NONE, "approve.none", ERR_CONF, 2, "no act {act} waits for approval", "没有等待批准的操作单 {act}",
	"nothing was approved; those that wait: jincai approve list; what became of others: jincai audit list", "没有批准；等待批准的见 jincai approve list，其余的结果见 jincai audit list")
ROW(E_APPROVE_ORDER, "approve.order", ERR_CONF, 5, "the text of this act cannot be read: who asked for it, when, and until when it holds", "该操作单的内容读不懂：看不出由谁、何时提出，有效到何时",
	"nothing was approved; ask for the act again with this program", "没有批准；请用本程序重新提出")
ROW(E_APPROVE_OWN, "approve.own", ERR_CONF, 5, "{name} checks what {by} asked for: that is the same person", "{name} 复核的是 {by} 自己提出的操作单：同一个人",
	"nothing was approved; another checker has to approve it", "没有批准；须由另一名复核人批准")
ROW(E_APPROVE_ROLE, "approve.role", ERR_CONF, 5, "{name} is {role}: only a handler and a checker let money go", "{name} 的角色是 {role}：只有经办和复核能批准付款",
	"nothing was approved; the roles stand under people: in jincai.yaml", "没有批准；角色见 jincai.yaml 的 people:")
ROW(E_APPROVE_TERMINAL, "approve.terminal", ERR_CONF, 2, "nobody is there to say yes", "无人在终端上确认",
	"nothing was signed; read the page above, then add --yes", "没有签名；请看过上面的签批单，再加 --yes")
ROW(E_APPROVE_UNSIGNED, "approve.unsigned", ERR_CONF, 5, "the approval of {name} is not signed, and this site takes signatures only", "{name} 的批准没有签名，而本站点只认签名",
	"nothing was approved; sign it: jincai approve ACT --key FILE", "没有批准；请签名：jincai approve 操作单号 --key 密钥文件")
ROW(E_APPROVE_UNTIL, "approve.until", ERR_CONF, 5, "the act says that it holds until {until}; by the days of this site it ends with {want}", "该操作单自称有效到 {until}，而按本站点的工作日只到 {want}",
	"nothing was approved; ask for the act again with this program", "没有批准；请用本程序重新提出")
ROW(E_PEOPLE_DAY, "people.day", ERR_CONF, 3, "{text} is no day of its own: a date written as 2026-10-01, once", "{text} 不是可用的日期：应写成 2026-10-01，且只出现一次",
	"nothing was started; write one line a day: 2026-10-01,rest or 2026-10-10,work", "没有启动；每天一行：2026-10-01,rest（休）或 2026-10-10,work（班）")
ROW(E_PEOPLE_KEY, "people.key", ERR_CONF, 3, "{name} may approve and has no key", "{name} 可以批准，却没有公钥", "nothing was started; add key: FILE with the public key, or say approval: local (weak)",
	"没有启动；请加 key: 公钥文件，或写 approval: local（弱）")
ROW(E_PEOPLE_MANY, "people.many", ERR_CONF, 3, "more than {max} of them", "超过 {max} 个", "nothing was started; take out what is no longer needed", "没有启动；请删去不再需要的")
ROW(E_PEOPLE_NAME, "people.name", ERR_CONF, 3, "{name} cannot name a person: 1 to 40 of a-z, 0-9, hyphen", "{name} 不能作人员名称：1 到 40 个 a-z、0-9、连字符",
	"nothing was started; choose another one", "没有启动；请换一个")
ROW(E_PEOPLE_RECORD, "people.record", ERR_HALT, 6, "the kept people of this site cannot be read", "保存的人员名单读不懂",
	"no money moves; keep the store as it is and ask for help", "付款已停；请保留现场并求助")
ROW(E_PEOPLE_TWICE, "people.twice", ERR_CONF, 5, "{name} has the same {what} as {other}: one person could be handler and checker", "{name} 与 {other} 的 {what} 相同：一个人就能既经办又复核",
	"nothing was started; each person has a name, a user and a key of his own", "没有启动；每人各用自己的名称、用户和密钥")
ROW(E_PEOPLE_USER, "people.user", ERR_CONF, 3, "{name} may approve, and neither user nor key says who that is", "{name} 可以批准，却既没有 user 也没有 key",
	"nothing was started; add user: with the account on this machine, or key: with a public key", "没有启动；请加 user:（本机账户）或 key:（公钥文件）")
ROW(E_PEM_CERTIFICATE, "pem.certificate", ERR_CONF, 3, "certificate {n} in {file} cannot be read: PEM blocks CERTIFICATE are needed, at least one", "{file} 里第 {n} 个证书读不懂：应为一个或几个 PEM 块 CERTIFICATE",
	"nothing was started; ask for it as PEM, or convert it: openssl x509 -inform DER -in FILE", "没有启动；请索取 PEM 格式的，或转换：openssl x509 -inform DER -in 文件")
ROW(E_PEM_KEY, "pem.key", ERR_CONF, 3, "{file} is no private key that can be used without a passphrase: one PEM block PRIVATE KEY", "{file} 不是可直接使用（不带口令）的私钥：应为一个 PEM 块 PRIVATE KEY",
	"nothing was started; take the passphrase away (openssl pkey -in KEY -out FILE) and let the file's mode protect it", "没有启动；请去掉口令（openssl pkey -in 私钥 -out 文件），由文件权限保护")
ROW(E_PEM_PAIR, "pem.pair", ERR_CONF, 3, "the key {file} does not belong to the certificate {certificate}", "私钥 {file} 与证书 {certificate} 不是一对",
	"nothing was started; name the two that were made together", "没有启动；请写同一次生成的那一对")
ROW(E_SIGN_FORM, "sign.form", ERR_DATA, 5, "this is no signature: not Base64, or of the wrong length", "这不是签名：不是 Base64，或长度不对",
	"nothing was approved; sign again", "没有批准；请重新签名")
ROW(E_SIGN_KEY, "sign.key", ERR_CONF, 3, "this is no public key: one PEM block PUBLIC KEY, Ed25519 or SM2", "这不是公钥：应为一个 PEM 块 PUBLIC KEY，算法为 Ed25519 或 SM2",
	"it was not used; make one: openssl pkey -in KEY -pubout -out FILE", "没有使用它；生成方法：openssl pkey -in 私钥 -pubout -out 文件")
ROW(E_SIGN_PASSPHRASE, "sign.passphrase", ERR_CONF, 2, "the key is locked and the passphrase is missing or wrong", "密钥已加密，而口令缺少或不对",
	"nothing was signed; try again on a terminal", "没有签名；请在终端上再试")
ROW(E_SIGN_PRIVATE, "sign.private", ERR_CONF, 5, "this is a private key, where a public one belongs", "这是私钥，此处应放公钥",
	"it was not used; take it away from here at once, make new keys for this person, and put in the public key alone", "没有使用它；请立即取走，为此人重新生成密钥，只放入公钥")
ROW(E_SIGN_SECRET, "sign.secret", ERR_CONF, 2, "this is no private key: a PEM file of Ed25519 or SM2", "这不是私钥：应为 Ed25519 或 SM2 的 PEM 文件",
	"nothing was signed; give the file that openssl genpkey has written", "没有签名；请给出 openssl genpkey 生成的文件")
ROW(E_SIGN_WEAK, "sign.weak", ERR_CONF, 5, "under this public key signatures hold that nobody made", "用这个公钥验签，无人签过的也能通过",
	"it was not used; make a new pair of keys, and ask who made this one", "没有使用它；请重新生成密钥，并查明此钥由谁制作")
ROW(E_SIGN_WRONG, "sign.wrong", ERR_DATA, 5, "the signature is not that of this key over this text", "签名与该密钥、该内容不符",
	"nothing was approved; another key was used, or the text is another one: compare the digest, sign again", "没有批准；用了别的密钥，或内容不同：请核对摘要后重新签名")

/* the chain over what people decided */
ROW(E_AUDIT_ANCHOR, "audit.anchor", ERR_HALT, 6, "line {line} of the anchor says another check value for record {n} of {writer}: the store was changed, and its check values computed anew",
	"锚定文件第 {line} 行与 {writer} 的第 {n} 条操作记录不符：库被改动过，且校验值被重新计算", "nothing was changed now; keep store and anchor as they are, stop the destinations of money, and have the auditor look", "本次未作任何改动；请保留库和锚定文件原样，停下付款去向，并请审计人员查看")
ROW(E_AUDIT_ANCHOR_LINE, "audit.anchor_line", ERR_HALT, 6, "line {line} of the anchor cannot be read", "锚定文件第 {line} 行读不懂",
	"nothing was changed now; a power cut may have left half a line at its end, anything else is somebody's doing: keep the file, have the auditor look", "本次未作任何改动；断电可能在末尾留下半行，其他情形均为人为：请保留文件并请审计人员查看")
ROW(E_AUDIT_EDITED, "audit.edited", ERR_HALT, 6, "record {n} of {writer} (jincai.acts/0@{at}) is not as it was written: it, or the one before it, was edited",
	"{writer} 的第 {n} 条操作记录（jincai.acts/0@{at}）与写入时不同：该条或其前一条被改动过", "nothing was changed now; keep the store as it is, stop the destinations of money, and have the auditor look", "本次未作任何改动；请保留库原样，停下付款去向，并请审计人员查看")
ROW(E_AUDIT_GONE, "audit.gone", ERR_HALT, 6, "line {line} of the anchor has record {n} of {writer}, and the store has not: it was cut off, or an older store was put back",
	"锚定文件第 {line} 行有 {writer} 的第 {n} 条操作记录，库里没有：库被截断，或换回了旧库", "nothing was changed now; when the store was restored from a copy this is why, else have the auditor look", "本次未作任何改动；如果是从备份恢复的，原因即在此；否则请审计人员查看")
ROW(E_AUDIT_HOLE, "audit.hole", ERR_HALT, 6, "places {first} to {last} of jincai.acts are empty: what stood there was deleted", "jincai.acts 的第 {first} 至 {last} 处是空的：原有记录被删除",
	"nothing was changed now; keep the store as it is, stop the destinations of money, and have the auditor look", "本次未作任何改动；请保留库原样，停下付款去向，并请审计人员查看")
ROW(E_AUDIT_MISSING, "audit.missing", ERR_HALT, 6, "records {first} to {last} of {writer} are not there before jincai.acts/0@{at}: they were deleted or moved",
	"jincai.acts/0@{at} 之前缺少 {writer} 的第 {first} 至 {last} 条操作记录：被删除或移动过", "nothing was changed now; keep the store as it is, stop the destinations of money, and have the auditor look", "本次未作任何改动；请保留库原样，停下付款去向，并请审计人员查看")
ROW(E_AUDIT_NO_ANCHOR, "audit.no_anchor", ERR_HALT, 6, "the anchor {file} is missing or empty, and the store has records", "锚定文件 {file} 不存在或是空的，而库里有操作记录",
	"nothing was changed now; put the right file back; when the key anchor: is new, the next jincai run begins it", "本次未作任何改动；请放回正确的文件；如果 anchor: 是新加的，下次 jincai run 会开始写")
ROW(E_AUDIT_NOT_ANCHORED, "audit.not_anchored", ERR_HALT, 6, "the last {count} records of {writer} are not in the anchor", "{writer} 的最后 {count} 条操作记录不在锚定文件中",
	"after a kill or a power cut the next jincai run writes the line; if there was none, somebody added them: have the auditor look", "进程被杀或断电之后，下次 jincai run 会补写；若没有这种情况，则是有人添加：请审计人员查看")
ROW(E_AUDIT_ORDER, "audit.order", ERR_HALT, 6, "record {n} of {writer} stands at jincai.acts/0@{at}, where it was not written: it was inserted, copied or moved",
	"{writer} 的第 {n} 条操作记录出现在 jincai.acts/0@{at}，并非写入之处：被插入、复制或移动过", "nothing was changed now; keep the store as it is, stop the destinations of money, and have the auditor look", "本次未作任何改动；请保留库原样，停下付款去向，并请审计人员查看")
ROW(E_AUDIT_POSITION, "audit.position", ERR_HALT, 6, "{writer} has written {n} records as its position says, and {last} are there, or the last is another one: records were cut off, added or changed",
	"{writer} 的位点记录已写 {n} 条操作记录，现有 {last} 条，或末条不同：记录被截断、添加或改动过", "nothing was changed now; keep the store as it is, stop the destinations of money, and have the auditor look", "本次未作任何改动；请保留库原样，停下付款去向，并请审计人员查看")
ROW(E_AUDIT_UNREADABLE, "audit.unreadable", ERR_HALT, 6, "the record at jincai.acts/0@{at} is none that jincai writes", "jincai.acts/0@{at} 处的记录不是 jincai 写的",
	"nothing was changed now; keep the store as it is, stop the destinations of money, and have the auditor look", "本次未作任何改动；请保留库原样，停下付款去向，并请审计人员查看")

/* language: expressions and mappings */
ROW(E_EXPR_NAME, "expr.name", ERR_CONF, 3, "the condition names {name}, which does not exist here",
	"条件里写的 {name} 在这里不存在", "<did you mean {near}? >names stand in docs/language.md", "<是不是 {near}？>可用的名称见 docs/language.md")
ROW(E_EXPR_SYNTAX, "expr.syntax", ERR_CONF, 3, "the condition cannot be read at character {at}: {want} expected before: {rest}",
	"条件在第 {at} 个字符处读不懂：此处应为 {want}，余下：{rest}", "conditions look like: line.payee = \"Grand Total\" and not line.amount is empty",
	"条件的写法如：line.payee = \"合计\" and not line.amount is empty")
ROW(E_MAP_BYTES, "map.bytes", ERR_DATA, 1, "{field} has {got} bytes; there must be {want}", "{field} 有 {got} 字节，应为 {want} 字节",
	"the record is not passed on; ask the source, or see whether another vendor's layout came in", "该记录没有往下走；请询问来源系统，或核对是否来了另一厂商的格式")
ROW(E_MAP_CHECK, "map.check", ERR_DATA, 1, "{field} does not pass the check {check}", "{field} 没有通过检查 {check}",
	"the record is not passed on; ask the source to correct it", "该记录没有往下走，请来源系统更正")
ROW(E_MAP_DATE, "map.date", ERR_DATA, 1, "{field} is \"{text}\", not a date written {want}", "{field} 的值“{text}”不是 {want} 格式的日期",
	"correct the date at the source, or the form's pattern if the vendor changed it", "请来源系统更正日期；若厂商改了格式，请改报文格式")
ROW(E_MAP_FIELD, "map.field", ERR_CONF, 3, "{field} is no field of {type}", "{type} 没有字段 {field}",
	"<did you mean {near}? >fields stand in the schema", "<是不是 {near}？>字段见 schemas 下的模式文件")
ROW(E_MAP_ITEM, "map.item", ERR_DATA, 1, "{field} has {got} columns; there must be {want}", "{field} 有 {got} 列，应为 {want} 列",
	"columns may have moved and the record was not passed on; ask the source, or correct columns: of the form",
	"各列可能错位，该记录没有往下走；请询问来源系统，或更正报文格式的 columns:")
ROW(E_MAP_ITEMS, "map.items", ERR_DATA, 1, "{field} has {got} items; allowed: {want}", "{field} 有 {got} 项，允许 {want} 项",
	"nothing was left out and the record was not passed on; ask the source, or see most: of the form",
	"没有截掉任何一项，该记录没有往下走；请询问来源系统，或核对报文格式的 most:")
ROW(E_MAP_LI, "map.li", ERR_DATA, 1, "{field} is {text} li, which is no whole fen", "{field} 为 {text} 厘，不是整数分",
	"nothing was rounded and the record was not passed on; ask the source, or see whether the column is in fen",
	"没有四舍五入，该记录没有往下走；请询问来源系统，或核对该列是不是以分为单位")
ROW(E_MAP_MISSING, "map.missing", ERR_DATA, 1, "{field} is required and the record has nothing there", "{field} 必填，记录里却没有值",
	"the record is not passed on; ask the source to fill it in", "该记录没有往下走，请来源系统补填")
ROW(E_MAP_NO_KEY, "map.no_key", ERR_CONF, 3, "keyed: {path} needs the site's key and there is none", "keyed: {path} 需要站点密钥，但没有找到",
	"make one: keys/identity.key in the folder that site: keys: names, 32 random bytes", "请在 site: keys: 指定的文件夹里放 identity.key（32 个随机字节）")
ROW(E_MAP_PATH, "map.path", ERR_CONF, 3, "{path} does not exist here", "{path} 在这里不存在",
	"<did you mean {near}? >a column is written with its kind, such as line.name", "<是不是 {near}？>列名要带记录种类，如 line.name")
ROW(E_MAP_REQUIRED, "map.required", ERR_CONF, 3, "{type} requires {field} and no rule fills it", "{type} 的必填字段 {field} 没有规则来填",
	"add a rule for it under map:", "请在 map: 下补一条规则")
ROW(E_MAP_RULE, "map.rule", ERR_CONF, 3, "\"{rule}\" cannot stand here; the rule is: {want}", "这里不能写“{rule}”，规则是：{want}",
	"the functions of rules, their values and what excludes what stand in docs/language.md", "规则的函数、取值和互斥关系见 docs/language.md")
ROW(E_MAP_SAME, "map.same", ERR_DATA, 1, "{field} is not the same as {other} in one and the same record", "同一记录里 {field} 与 {other} 不一致",
	"which of the two is right was not guessed and the record was not passed on; ask the source to correct it",
	"没有猜测哪个对，该记录没有往下走；请来源系统更正")
ROW(E_MAP_SIGN, "map.sign", ERR_DATA, 1, "{field} is {text}, and the record's kind says minus too",
	"{field} 为 {text}，而该记录的种类又表示负数", "whether it is negative was not guessed and the record was not passed on; ask the source",
	"没有猜测正负，该记录没有往下走；请询问来源系统")
ROW(E_MAP_SUM, "map.sum", ERR_DATA, 1, "the items of {field} add up to {got}, and the record says {want}", "{field} 各项合计 {got}，而该记录写的是 {want}",
	"which of them is right was not guessed and the record was not passed on; ask the source to correct it",
	"没有猜测哪个对，该记录没有往下走；请来源系统更正")
ROW(E_MAP_UNKNOWN_CODE, "map.unknown_code", ERR_DATA, 1, "{field}: code {code} is not in table {table} for that fiscal year",
	"{field}：代码 {code} 不在该财政年度的代码表 {table} 里", "nothing is guessed: add the code to the table or have the source correct it",
	"不会自行猜测：请在代码表里补上该代码，或请来源系统更正")
ROW(E_MAP_WORD, "map.word", ERR_DATA, 1, "{field} is \"{text}\", which is none of: {want}", "{field} 的值“{text}”不在以下写法之中：{want}",
	"nothing is guessed: add the text to words: of the rule, or have the source correct it", "不会自行猜测：请在规则的 words: 里补上该写法，或请来源系统更正")

/* codecs and forms */
ROW(E_NEW_EMPTY, "new.empty", ERR_CONF, 2, "{file} has no row to look at", "{file} 里没有可看的行",
	"nothing was written; take a file of an ordinary day", "没有写入任何东西；请换一个平常日子的文件")
ROW(E_NEW_EXISTS, "new.exists", ERR_CONF, 2, "{folder} is there already", "{folder} 已经存在",
	"nothing was written over; choose another name or another --dir", "没有覆盖任何东西；请换一个名称或 --dir")
ROW(E_NEW_NAME, "new.name", ERR_CONF, 2, "{name} is no SYSTEM/NAME: two words of 1 to 40 of a-z, 0-9, hyphen, _", "{name} 不是“系统/名称”：两段，各 1 到 40 个 a-z、0-9、连字符、下划线",
	"nothing was written; such as payroll/vendor", "没有写入任何东西；写法如 payroll/vendor")
ROW(E_NEW_NOT_TEXT, "new.not_text", ERR_CONF, 2, "{file} is no text in rows: its bytes look like {what}", "{file} 不是按行排列的文本：从字节看像是 {what}",
	"nothing was written; begin from a form of its codec in docs/language.md: json, xml, dbf, xlsx (an older workbook has to be saved as that); unpack gzip, call new with what is inside and write wraps: [gz]; NUL bytes can be UTF-16", "没有写入任何东西；请按 docs/language.md 中该编码的写法自行起头：json、xml、dbf、xlsx（旧式工作簿请先另存为 .xlsx）；gzip 请先解开，用里面的文件做样本，再写 wraps: [gz]；有 NUL 字节的可能是 UTF-16")
ROW(E_RECORD_CONFLICT, "record.conflict", ERR_DATA, 1, "{id} was published before with other content", "{id} 此前已以别的内容发布过",
	"it was not published again; settle with the source which one is right", "没有再次发布；请与来源系统核实以哪条为准")
ROW(E_FORM_NAME, "form.name", ERR_DATA, 1, "the file name {file} is not as the form says", "文件名 {file} 不符合报文格式的规定",
	"nothing was read; see file: name: in the form", "没有读入；见报文格式的 file: name:")
ROW(E_FORM_STATE, "form.state", ERR_HALT, 6, "the saved place in {file} does not fit the form", "{file} 的断点与报文格式对不上",
	"nothing was sent twice; the form was changed while a batch was under way: put the old form back, finish, then change it", "没有重发；批次进行中改了报文格式：请先恢复旧格式，跑完再改")
ROW(E_RECORD_AMOUNT, "record.amount", ERR_DATA, 1, "the amount {text} is larger than {max}; it was not used", "金额 {text} 超过 {max}；未采用",
	"the record is not passed on; two columns may have run together: ask the source to correct it", "该记录没有往下走；可能有两栏数字连在一起，请来源系统更正")
ROW(E_RECORD_FEW_COLUMNS, "record.few_columns", ERR_DATA, 1, "the row has {got} columns, {want} are needed", "该行只有 {got} 列，应有 {want} 列",
	"the record is not passed on; look at the line in the source file", "该记录没有往下走；请查看源文件的这一行")
ROW(E_RECORD_LONG_KEY, "record.long_key", ERR_DATA, 1, "the key of the record has {bytes} bytes, 400 are allowed", "记录主键有 {bytes} 字节，上限 400",
	"the record is not passed on; name fewer or shorter fields under identity:", "该记录没有往下走；请在 identity: 中减少字段")
ROW(E_RECORD_MORE_COLUMNS, "record.more_columns", ERR_DATA, 1, "the row has {got} columns, {want} are expected", "该行有 {got} 列，应为 {want} 列",
	"the record is not passed on: a separator inside a text, or the vendor added a column", "该记录没有往下走：文字里混进了分隔符，或厂商加了列")
ROW(E_RECORD_NO_KEY, "record.no_key", ERR_DATA, 1, "{part} is part of the key and empty", "主键字段 {part} 为空",
	"the record is not passed on; ask the source to fill it in", "该记录没有往下走；请来源系统补填")
ROW(E_RECORD_NO_EVENT, "record.no_event", ERR_DATA, 1, "no condition of an event holds for this record", "该记录不符合任何一种事件的条件",
	"the record is not passed on; see when: of the form's events, or ask the source what the record means", "该记录没有往下走；请看报文格式各事件的 when:，或向来源系统核实其含义")
ROW(E_FORM_CODEC, "form.codec", ERR_CONF, 3, "{got} is no codec, or there is more than one", "没有名为 {got} 的编解码，或写了不止一个",
	"one of: delimited, fixed, dbf, json, xml", "可用的编解码：delimited、fixed、dbf、json、xml")
ROW(E_FORM_CUT, "form.cut", ERR_CONF, 3, "{path} would be shortened on its way to who moves the money", "{path} 发给付款方时会被截短",
	"an account or amount that is shortened is another one: leave cut out, a line that does not fit is then dead",
	"账号、金额截短后就不是原来的了：请去掉 cut，放不下的那一行会成为死信")
ROW(E_FORM_DECLARED, "form.declared", ERR_CONF, 3, "the form makes several events, and declares: does not say of which of them the figures are",
	"该报文格式产生多种事件，而 declares: 没有写明申报的是其中哪一种",
	"the form was not loaded; write of: with the type whose count and sum are declared", "该报文格式未加载；请写 of:，注明申报笔数、合计的是哪种事件")
ROW(E_FORM_EVENTS, "form.events", ERR_CONF, 3, "events: names no type, or more than {max}", "events: 没有写事件类型，或超过 {max} 种",
	"the form was not loaded; one entry for each type of event, named by it", "该报文格式未加载；每种事件类型写一项，以类型为名")
ROW(E_FORM_IDENTITY, "form.identity", ERR_CONF, 3, "identity says neither document nor record: number", "identity 既没有写 document，也没有写 record: number",
	"name the fields that make the key: document: [...]", "请写明由哪些字段构成主键：document: [...]")
ROW(E_FORM_KINDS, "form.kinds", ERR_CONF, 3, "kind {kind} stands in the wrong place: only the last kind has no when:, and it is named line",
	"记录种类 {kind} 的位置不对：只有最后一种不写 when:，且名为 line", "order the kinds: heads with when: first, line last", "请把带 when: 的种类放在前面，line 放在最后")
ROW(E_FORM_NEEDS_KINDS, "form.needs_kinds", ERR_CONF, 3,
	"files of codec {codec} have no header row; the form was not loaded",
	"{codec} 格式的文件没有表头行；该报文格式未加载",
	"name the columns under kinds: line: columns:",
	"请在 kinds: line: columns: 下写明各列")
ROW(E_FORM_NO_COLUMNS, "form.no_columns", ERR_CONF, 3, "the form names no columns", "报文格式没有写列",
	"give kinds: with columns:, or header: with find:", "请写 kinds: 和 columns:，或写 header: 和 find:")
ROW(E_FORM_NO_HEADER, "form.no_header", ERR_DATA, 1, "no row among the first {within} has all the column names<; line {line} has the others and lacks>: {want}",
	"前 {within} 行里没有一行同时含有全部列名<；第 {line} 行最接近，缺少>：{want}", "nothing of this file was read; did the vendor change the header? then add the name to the form",
	"该文件一行也没有读入；若厂商改了表头，请在报文格式里加上新列名")
ROW(E_FORM_NO_KEY, "form.no_key", ERR_CONF, 5, "an instruction needs a natural key: a record number is no identity", "指令类记录必须有业务主键，行号不能当主键",
	"name the fields that make the key: identity: {document: [...]}", "请写明主键字段：identity: {document: [...]}")
ROW(E_FORM_NO_SCHEMA, "form.no_schema", ERR_CONF, 3, "there is no schema for event type {type}", "没有事件类型 {type} 的模式文件",
	"schemas lie in schemas/<system>/<type>.json: in share/jincai beside the program's bin, in --library DIR, in a folder of the site's library:", "模式文件放在 schemas/<系统>/<类型>.json：程序 bin 旁的 share/jincai、--library 文件夹、站点 library: 的文件夹")
ROW(E_FORM_NO_TOTALS, "form.no_totals", ERR_CONF, 5, "a batch of instructions declares no count and no sum", "指令批次没有声明笔数和金额",
	"say where they stand: declares: or trailer:", "请用 declares: 或 trailer: 写明它们在哪里")
ROW(E_FORM_OF, "form.of", ERR_CONF, 3, "there is no kind {kind} that an event could be made of", "没有记录种类 {kind}，无法由它产生事件",
	"the form was not loaded; name one of kinds:, or leave of: out for line", "该报文格式未加载；请写 kinds: 里的一种，由 line 产生的不写 of:")
ROW(E_FORM_NO_RELEASE, "form.no_release", ERR_CONF, 5, "instructions need release: batch or release: record; a file of payments does not go on half by accident", "指令类报文必须写 release: batch 或 release: record，付款文件不能无意中只放行一半",
	"batch: nothing goes out before the whole file has proved; record: a dead record is put aside, the others go on", "batch：整个文件核对无误才放行；record：死信放在一边，其余照常放行")
ROW(E_FORM_PERSONAL_KEY, "form.personal_key", ERR_CONF, 5, "{path} is personal ({field}) and would be readable in the key of every event", "{path} 属于个人信息（{field}），会原样出现在每个事件的键里",
	"take a field such as data.unit: events of one key keep their order", "请改用 data.unit 这样的字段；同一键的事件保持先后次序")
ROW(E_FORM_PUBLISHED, "form.published", ERR_CONF, 3, "a form that names an event for consumers cannot be with this {key}:, nothing was loaded", "写有 event: 的对外发布格式不能这样写 {key}:，该报文格式未加载",
	"its codec is json with records: lines and absent: omit; it has neither head, titles nor money, and its schema has no list", "编解码用 json，写 records: lines 和 absent: omit；不写 head、titles、money，其模式里没有列表")
ROW(E_FORM_PERSONAL, "form.personal", ERR_CONF, 5, "{path} is personal ({field}) and would be readable in every id", "{path} 属于个人信息（{field}），会原样出现在每个标识里",
	"nothing was read; write {keyed: PATH} around the path", "没有读取任何内容；请改写成 {keyed: PATH}")
ROW(E_FORM_READS_ONLY, "form.reads_only", ERR_CONF, 3,
	"codec {codec} is only read, never written; the form was not loaded",
	"{codec} 格式只能读入，不能写出；该报文格式未加载",
	"choose another codec for a form that goes out",
	"输出方向的报文格式请改用别的编解码")
ROW(E_FORM_REVEAL, "form.reveal", ERR_CONF, 5, "the form and the schema of {type} do not agree whether {field} is personal: nobody would know what goes out", "{field} 是否为个人信息，报文格式与 {type} 的模式说法不一：送出去的是什么便无人知道",
	"what goes out as it is has reveal: yes in the form and x-sensitivity in the schema; what is masked has neither", "照原样送出的，格式里写 reveal: yes，模式里写 x-sensitivity；遮蔽的，两处都不写")
ROW(E_FORM_SEVERAL, "form.several", ERR_CONF, 3, "{name} has several forms of that direction", "{name} 下有不止一个这个方向的报文格式",
	"name one: {name}/FORM", "请写全：{name}/报文名")
ROW(E_FORM_SYSTEMS, "form.systems", ERR_CONF, 3, "{type} is of another system than {first}", "{type} 与 {first} 不属于同一系统",
	"the form was not loaded; events of one form go to one topic: make a form for each system", "该报文格式未加载；一个报文格式的事件写在同一主题：请按系统分成几个格式")
ROW(E_FORM_TITLES, "form.titles", ERR_CONF, 3, "the header row has {want} titles and the line {got} cells", "表头有 {want} 列，行里有 {got} 格",
	"make them equal", "请改成一致")
ROW(E_FORM_TWO_COLUMNS, "form.two_columns", ERR_CONF, 3, "columns are given twice: by kinds: and by header:", "列写了两遍：kinds: 和 header:",
	"keep one of them", "请只留一种")
ROW(E_FORM_UNKNOWN, "form.unknown", ERR_CONF, 3, "there is no form {name}", "没有报文格式 {name}",
	"<did you mean {near}? >jincai test lists all forms", "<是不是 {near}？>用 jincai test 可列出全部报文格式")
ROW(E_FORM_VERSION, "form.version", ERR_CONF, 3, "{type} does not say its version: consumers could not tell what changed", "{type} 没有写版本：使用者无从得知改了什么",
	"name it as notice.paid.v1; what consumers cannot read as before is a new version, on a topic of its own", "请写成 notice.paid.v1 的样子；使用者无法照旧读取的，另立新版本，用新的主题")
ROW(E_FORM_WRAP, "form.wrap", ERR_CONF, 3,
	"{got} is no wrap, or the entry holds more than one",
	"没有名为 {got} 的封装，或一项里写了不止一个",
	"<did you mean {near}? >one of: zip, gz, base64, frame; an entry is a NAME or NAME with its settings",
	"<是不是 {near}？>可用的封装：zip、gz、base64、frame；一项只写一个名称，或一个名称加其设置")
ROW(E_FORM_WRAPS_MANY, "form.wraps_many", ERR_CONF, 3,
	"more than {max} wraps are around one document; the form was not loaded",
	"一个文件外面的封装超过 {max} 层；该报文格式未加载",
	"have the source wrap it less often",
	"请来源单位减少封装层数")
ROW(E_CODEC_AFTER_QUOTE, "codec.after_quote", ERR_DATA, 1,
	"text follows a closing quote at byte {byte} of the row; the row was not cut",
	"本行字节偏移 {byte} 处，右引号之后还有内容；该行未作拆分",
	"have the source double the quotes inside a cell, or declare in the form that the file has no quotes",
	"请来源单位将栏内引号写成两个，或在报文格式中写明该文件不用引号")
ROW(E_CODEC_BOM, "codec.bom", ERR_CONF, 3,
	"a byte order mark can only be written in utf-8, the form's charset is {charset}; the form was not loaded",
	"只有 utf-8 才能写 BOM，本格式的字符集是 {charset}；该格式未加载",
	"remove bom, or change the charset of the form",
	"请删去 bom，或更改该格式的字符集")
ROW(E_CODEC_BOM_INSIDE, "codec.bom_inside", ERR_DATA, 1,
	"cell {cell} begins with a byte order mark (U+FEFF), which readers take off the begin of a file; the row was not written",
	"第 {cell} 栏以字节顺序标记（U+FEFF）开头，位于文件开头时会被读取方当作 BOM 去掉；本行未写出",
	"remove this character, which nobody sees, at the source",
	"请在来源处删去这个看不见的字符")
ROW(E_CODEC_CELLS, "codec.cells", ERR_DATA, 1,
	"the row has {got} cells and its layout {want} widths; it was not written",
	"该行有 {got} 栏，而格式规定了 {want} 个宽度；本行未写出",
	"the form was changed after this row was shaped; put its list of cells back, or have the batch routed anew",
	"该行成形之后报文格式改过；请恢复原来的栏目，或将该批次重新路由")
ROW(E_CODEC_CELL_WIDTH, "codec.cell_width", ERR_CONF, 3,
	"the width \"{text}\" cannot be used; the form was not loaded",
	"宽度“{text}”不能使用；该格式未加载",
	"give bytes from 1 on, all of one row at most {max}; write 18 right for a column that is padded before its text",
	"请填写从 1 起的字节数，一行合计不超过 {max}；靠右、左边补空格的栏写成 18 right")
ROW(E_CODEC_DBF_COUNT, "codec.dbf_count", ERR_DATA, 1,
	"the head of the file declares {want} records, there are {got} and {rest} bytes more; what lies behind the declared ones was not read as records",
	"文件头申报 {want} 条记录，实有 {got} 条，另多 {rest} 个字节；超出申报的部分未按记录读入",
	"the file may have been copied while it was written, or cut off; have the source export and send it again",
	"文件可能在写入过程中被复制，或已截断；请来源单位重新导出并报送")
ROW(E_CODEC_DBF_FIELD, "codec.dbf_field", ERR_DATA, 1,
	"the file has no field {name}, or has it twice; nothing of it was read",
	"文件里没有字段 {name}，或该字段重复；整个文件未读入",
	"<the nearest one is {near}; >correct the form's columns, or have the source export the fields that were agreed",
	"<最相近的是 {near}；>请更正报文格式的 columns，或请来源单位按约定的字段导出")
ROW(E_CODEC_DBF_HEADER, "codec.dbf_header", ERR_DATA, 1,
	"this is no DBF table that can be read: its head is wrong at byte {byte}; nothing was read",
	"这不是可读的 DBF 表：文件头在字节偏移 {byte} 处不对；整个文件未读入",
	"check that the file was sent in binary and whole, and saved as dBASE III or FoxPro; have the source send it again",
	"请核对文件是否以二进制方式完整传送、是否存为 dBASE III 或 FoxPro 格式，并请来源单位重新报送")
ROW(E_CODEC_DBF_MARK, "codec.dbf_mark", ERR_DATA, 1,
	"the record begins with the byte {hex}, which says neither that it is valid nor that it is deleted; it was not read",
	"该记录以字节 {hex} 开头，既不是有效标志也不是删除标志；未读入",
	"the file is damaged, or was not transferred in binary; have the source send it again",
	"文件已损坏，或未以二进制方式传送；请来源单位重新报送")
ROW(E_CODEC_DBF_NAME, "codec.dbf_name", ERR_CONF, 3,
	"\"{name}\" cannot be the name of a field in a DBF table; the form was not loaded",
	"“{name}”不能作 DBF 表的字段名；该格式未加载",
	"such a name has 1 to {max} bytes in the form's charset: five Chinese characters of GBK",
	"字段名按该格式的字符集为 1 至 {max} 字节，GBK 为五个汉字")
ROW(E_CODEC_DBF_TYPE, "codec.dbf_type", ERR_DATA, 1,
	"the field {name} is of type {type}, which is not read; nothing of the file was",
	"字段 {name} 的类型是 {type}，不在可读之列；整个文件未读入",
	"types C, N, F, D and L are; have the source export this field as one of them, or leave it out of the form",
	"可读的类型有 C、N、F、D、L；请来源单位改用其中一种导出，或在报文格式中去掉该字段")
ROW(E_CODEC_DELIMITER, "codec.delimiter", ERR_CONF, 3,
	"the delimiter \"{text}\" cannot be used; the form was not loaded",
	"分隔符“{text}”不能使用；该格式未加载",
	"give one to eight ASCII characters, without the quote, ends of line and NUL",
	"请填写一至八个 ASCII 字符，不得含引号字符、换行符和空字节")
ROW(E_CODEC_DELIMITER_INSIDE, "codec.delimiter_inside", ERR_DATA, 1,
	"cell {cell} holds the delimiter or an end of line and the format has no quotes; the row was not written",
	"第 {cell} 栏的内容里有分隔符或换行，而该格式不用引号；本行未写出",
	"correct the text at the source, or agree with the receiver on quotes or another delimiter",
	"请在来源处更正该内容，或与接收方商定使用引号或改用其他分隔符")
ROW(E_CODEC_JSON_CHARSET, "codec.json_charset", ERR_CONF, 3,
	"JSON is utf-8, the form's charset is {charset}; the form was not loaded",
	"JSON 只用 utf-8，本格式的字符集是 {charset}；该格式未加载",
	"write charset: utf-8; a source that writes its JSON in another charset has to be asked for UTF-8",
	"请写 charset: utf-8；若来源系统用别的字符集写 JSON，请其改为 UTF-8")
ROW(E_CODEC_JSON_OUTSIDE, "codec.json_outside", ERR_CONF, 3,
	"the document is the array of records itself: nothing stands outside it for kind {kind}; the form was not loaded",
	"整个文件就是记录数组，数组之外没有 {kind} 可读的内容；该格式未加载",
	"name the path of the array by at:, or leave the kind out",
	"请用 at: 写明记录数组的位置，或去掉这一种")
ROW(E_CODEC_JSON_PATH, "codec.json_path", ERR_CONF, 3,
	"\"{path}\" cannot be a path here: a name in it is empty, it is deeper than 30 names, or another path ends on it or goes on from it; the form was not loaded",
	"“{path}”不能用作路径：其中有空名称，或超过 30 层，或与别的路径重复、互为上下级；该格式未加载",
	"write names with dots between them, each path once: payee.acct_no",
	"请写成用点隔开的名称，每个路径只写一次，如 payee.acct_no")
ROW(E_CODEC_NO_WIDTHS, "codec.no_widths", ERR_CONF, 3,
	"no widths are given for rows of kind {kind}; the form was not loaded",
	"没有给出 {kind} 行的各栏宽度；该格式未加载",
	"add them under codec: fixed: widths:, such as line: [60, 30, 18 right]<; is {near} the same kind?>",
	"请在 codec: fixed: widths: 下补上，如 line: [60, 30, 18 right]<；{near} 是不是同一种行？>")
ROW(E_CODEC_NUL, "codec.nul", ERR_DATA, 1,
	"the row holds a NUL byte at byte {byte}; it was not cut",
	"本行在字节偏移 {byte} 处有空字节（00）；该行未作拆分",
	"check that the file is text and not UTF-16 or damaged; have the source send it again",
	"请核对文件是否为文本、是否为 UTF-16 或已损坏，并请来源单位重新报送")
ROW(E_CODEC_OPEN_QUOTE, "codec.open_quote", ERR_DATA, 1,
	"the quote opened at byte {byte} of the row is never closed, the file ends inside; nothing from there on was read as rows",
	"本行字节偏移 {byte} 处的左引号直到文件结束都没有配对；此后的内容未按行读入",
	"check that the file is complete; have the source close the quote and send the file again",
	"请核对文件是否完整，并请来源单位补上右引号后重新报送")
ROW(E_CODEC_QUOTE, "codec.quote", ERR_CONF, 3,
	"\"{text}\" cannot be the quote; the form was not loaded",
	"“{text}”不能用作引号字符；该格式未加载",
	"give one character of ! \" # $ % & ' ( ) * + , - . / or leave it out",
	"请填写 ! \" # $ % & ' ( ) * + , - . / 中的一个，或不填")
ROW(E_CODEC_ROW_WIDTHS, "codec.row_widths", ERR_CONF, 3,
	"rows of kind {kind} have {got} bytes and those of another kind {want}; without ends of line nothing tells them apart; the form was not loaded",
	"{kind} 行共 {got} 字节，另一种行为 {want} 字节；没有换行就无法区分；该格式未加载",
	"make the sums of widths equal, or declare the end of line",
	"请使各种行的宽度合计相同，或写明换行方式")
ROW(E_CODEC_TOO_LONG, "codec.too_long", ERR_DATA, 1,
	"the record is longer than {max} bytes; it was not cut, its first bytes were kept, reading goes on at the next line",
	"该记录超过 {max} 字节；未作拆分，只留存了开头部分，从下一行继续读取",
	"check the declared end of line and quotes against the file; such records mostly come from a wrong one",
	"请对照文件核对所写明的换行方式和引号；记录过长多因其中一项有误")
ROW(E_CODEC_TOO_MANY_CELLS, "codec.too_many_cells", ERR_DATA, 1,
	"the row has more than {max} cells; it was not cut",
	"该行超过 {max} 栏；未作拆分",
	"check the declared delimiter against the file",
	"请对照文件核对所写明的分隔符")
ROW(E_CODEC_TOO_WIDE, "codec.too_wide", ERR_DATA, 1,
	"cell {cell} needs {got} bytes, its column has {want}; the row was not written and nothing was cut off",
	"第 {cell} 栏需要 {got} 字节，该栏宽度只有 {want}；本行未写出，也未截断",
	"if the receiver takes shortened texts, write cut: in the form; an amount or account that does not fit must be settled with the receiver",
	"如接收方接受截短的文字，请在报文格式中写 cut:；金额、账号放不下的，须与接收方商定")
ROW(E_CODEC_WIDTH, "codec.width", ERR_DATA, 1,
	"the row has {got} bytes, its layout {want}; columns may have moved, so that nothing in it was used",
	"该行有 {got} 字节，格式规定为 {want} 字节；各栏可能错位，其内容一概未采用",
	"check the widths, the charset and the end of line in the form against the file: widths are bytes, not characters",
	"请对照文件核对报文格式中的宽度、字符集和换行方式：宽度按字节计，不按字数计")
ROW(E_CODEC_WIDTHS, "codec.widths", ERR_CONF, 3,
	"rows of kind {kind} have {want} columns and {got} widths; the form was not loaded",
	"{kind} 行有 {want} 列，却给出了 {got} 个宽度；该格式未加载",
	"give each column one width, in the same order",
	"请按列的次序，一列给一个宽度")
ROW(E_CODEC_XLSX_1904, "codec.xlsx_1904", ERR_DATA, 1,
	"the workbook counts dates from 1904, so that each would be four years early; nothing of it was read",
	"该工作簿从 1904 年起计日期，照读会使日期早四年；整个文件未读入",
	"have the source take off \"1904 date system\" in the workbook's options, look at its dates, and send it again",
	"请来源单位在工作簿选项中取消“使用 1904 日期系统”，核对日期后重新报送")
ROW(E_CODEC_XLSX_CELL, "codec.xlsx_cell", ERR_DATA, 1,
	"what stands in cell {cell} cannot be read: its type or its place in the list of texts is wrong; the record was not read",
	"单元格 {cell} 的内容无法读取：类型不对，或所指的文本不存在；该记录未读入",
	"the file is damaged, or was made by a program that writes no right workbooks; have it opened and saved in a spreadsheet, and sent again",
	"文件已损坏，或由不规范的程序生成；请来源单位用电子表格软件打开、另存后重新报送")
ROW(E_CODEC_XLSX_CHARSET, "codec.xlsx_charset", ERR_CONF, 3,
	"cells of a workbook are utf-8, the form's charset is {charset}; the form was not loaded",
	"工作簿的单元格只用 utf-8，本格式的字符集是 {charset}；该格式未加载",
	"write charset: utf-8",
	"请写 charset: utf-8")
ROW(E_CODEC_XLSX_DIGITS, "codec.xlsx_digits", ERR_DATA, 1,
	"cell {cell} holds a number of {digits} digits, and a spreadsheet keeps 15 of them: the last ones are lost; the record was not read",
	"单元格 {cell} 是 {digits} 位的数值，而电子表格只保留 15 位：末尾几位已经丢失；该记录未读入",
	"accounts and identity numbers have to be text: have the source set the column to text, enter the number anew, and send it again",
	"账号、证件号必须是文本：请来源单位将该列设为文本格式，重新录入号码后报送")
ROW(E_CODEC_XLSX_ERROR, "codec.xlsx_error", ERR_DATA, 1,
	"cell {cell} holds the error {text}; the record was not read",
	"单元格 {cell} 是错误值 {text}；该记录未读入",
	"have the source correct the formula of that cell and send the workbook again",
	"请来源单位更正该单元格的公式后重新报送")
ROW(E_CODEC_XLSX_FORMULA, "codec.xlsx_formula", ERR_DATA, 1,
	"cell {cell} is a formula without a result: nobody has computed it; the record was not read",
	"单元格 {cell} 是公式，文件里没有计算结果；该记录未读入",
	"have the source open the workbook in a spreadsheet, save it and send it again, or write values in place of formulas",
	"请来源单位用电子表格软件打开并保存一次，或改为填写数值，再重新报送")
ROW(E_CODEC_XLSX_LARGE, "codec.xlsx_large", ERR_DATA, 1,
	"{part} of the workbook is larger than the limit of {max}; nothing of it was read",
	"工作簿的 {part} 超过限制 {max}；整个文件未读入",
	"have the source split it into several files, without pictures and other sheets; one that is small and unpacks to so much may be an attack",
	"请来源单位拆成几个文件，并去掉图片和其他工作表；文件很小却解出这么多内容的，可能是恶意文件")
ROW(E_CODEC_XLSX_LOCKED, "codec.xlsx_locked", ERR_DATA, 1,
	"the workbook is locked with a password; nothing of it was read",
	"该工作簿设有打开密码；整个文件未读入",
	"have the source take the password off and send it again",
	"请来源单位取消打开密码后重新报送")
ROW(E_CODEC_XLSX_NUMBER, "codec.xlsx_number", ERR_DATA, 1,
	"what cell {cell} holds as a number is none, or next to nothing that a sum has left over; the record was not read",
	"单元格 {cell} 的数值不成数值，或只是计算误差留下的极小数；该记录未读入",
	"have the source look at that cell: a computed amount has to be rounded (ROUND) to fen",
	"请来源单位查看该单元格：计算所得的金额应以 ROUND 取整到分")
ROW(E_CODEC_XLSX_OLD, "codec.xlsx_old", ERR_DATA, 1,
	"this is a workbook of the old kind (.xls), whatever its name; nothing of it was read",
	"这是旧式工作簿（.xls），与扩展名无关；整个文件未读入",
	"have the source save it as .xlsx; giving it another name does not do that",
	"请来源单位另存为 .xlsx；只改扩展名没有用")
ROW(E_CODEC_XLSX_ORDER, "codec.xlsx_order", ERR_DATA, 1,
	"cells or rows of the sheet are out of order: {text} stands behind row {line}; what follows that row was not read",
	"工作表的行或单元格次序不对：{text} 出现在第 {line} 行之后；该行以后的内容未读入",
	"the file was made by a program that writes no right workbooks; have it opened and saved in a spreadsheet, and sent again",
	"文件由不规范的程序生成；请来源单位用电子表格软件打开、另存后重新报送")
ROW(E_CODEC_XLSX_PART, "codec.xlsx_part", ERR_DATA, 1,
	"the archive has no part {part}, or has it twice: it is no .xlsx workbook; nothing of it was read",
	"压缩包里没有 {part}，或有两份：这不是 .xlsx 工作簿；整个文件未读入",
	"have the source save it as .xlsx; .ods and .xlsb are other formats",
	"请来源单位另存为 .xlsx；.ods、.xlsb 是别的格式")
ROW(E_CODEC_XLSX_SHEET, "codec.xlsx_sheet", ERR_DATA, 1,
	"the workbook has no sheet \"{name}\" with rows; it has: {sheets}; nothing of it was read",
	"该工作簿没有名为或序号为“{name}”的数据工作表，现有：{sheets}；整个文件未读入",
	"<did you mean {near}? >have the source name it as agreed, or correct `sheet` in the form",
	"<是不是 {near}？>请来源单位按约定命名，或更正报文格式的 sheet")
ROW(E_CODEC_XLSX_XML, "codec.xlsx_xml", ERR_DATA, 1,
	"the part {part} of the workbook breaks at byte {byte} ({text}); nothing from there on was read",
	"工作簿的 {part} 在第 {byte} 字节处有误（{text}）；此后的内容未读入",
	"the file is damaged, or was made by a program that writes no right workbooks; have it opened and saved in a spreadsheet, and sent again",
	"文件已损坏，或由不规范的程序生成；请来源单位用电子表格软件打开、另存后重新报送")
ROW(E_CODEC_XLSX_ZIP, "codec.xlsx_zip", ERR_DATA, 1,
	"this is no .xlsx workbook, or a damaged one: {text}; nothing of it was read",
	"这不是 .xlsx 工作簿，或已损坏：{text}；整个文件未读入",
	"a page or a text with the ending .xlsx is none; have the source save it as .xlsx, send it in binary and whole",
	"把网页或文本改名为 .xlsx 不是工作簿；请来源单位另存为 .xlsx，并以二进制方式完整传送")
ROW(E_CODEC_XML_COLUMN, "codec.xml_column", ERR_CONF, 3,
	"\"{column}\" cannot be a column here; the form was not loaded",
	"“{column}”不能用作列；该格式未加载",
	"write names with dots between them, each once: Voucher.PayAmt, Voucher.@Id for an attribute, DetailList.Detail[] for a list (at most 8), \"#text\" for the element's own text; nothing goes on behind a list",
	"请写成用点隔开的名称，每个只写一次：Voucher.PayAmt；属性写 Voucher.@Id，列表写 DetailList.Detail[]（至多 8 个），元素自身的文本写 \"#text\"；列表之后不能再往下写")
ROW(E_CODEC_XML_NO_ROWS, "codec.xml_no_rows", ERR_CONF, 3,
	"nothing says which elements are rows of kind {kind}; the form was not loaded",
	"没有写明哪些元素是 {kind}；该格式未加载",
	"add it under codec: xml: rows:, such as {kind}: MOF/VoucherBody<; is {near} the same kind?>",
	"请在 codec: xml: rows: 下补上，如 {kind}: MOF/VoucherBody<；{near} 是不是同一种？>")
ROW(E_CODEC_XML_PATH, "codec.xml_path", ERR_CONF, 3,
	"\"{path}\" cannot be a path of elements; the form was not loaded",
	"“{path}”不能用作元素的路径；该格式未加载",
	"write names from the document's root on with / between them, and what an attribute must be in brackets: MOF/VoucherBody[@VtCode=5201]; at most 32 paths, 4 rows in one another, no Base64 within Base64",
	"请从文档的根元素写起，名称之间用 /，属性的要求写在方括号里：MOF/VoucherBody[@VtCode=5201]；至多 32 条路径、4 层行，Base64 里不能再有 Base64")
ROW(E_CODEC_XML_ROW, "codec.xml_row", ERR_DATA, 1,
	"an element {element}< with {attribute} {got}> stands where rows are, and the form has no such row; nothing of it was used",
	"元素 {element}<（{attribute} 为 {got}）>处在行的位置，而报文格式没有这样的行；其内容一概未采用",
	"it is other business: have it sent where it belongs, or let the form name it under rows:",
	"这是别的业务：请让对方送到该送的地方，或在报文格式的 rows: 里写明")

/* wraps */
ROW(E_WRAP_BASE64, "wrap.base64", ERR_DATA, 1,
	"byte {byte} ({hex}) is nothing that Base64 has there; the document inside was not read",
	"字节偏移 {byte} 处的 {hex} 不是此处应有的 Base64 字符；其中的文件未读入",
	"nothing of the file was passed on; the file was damaged on its way or is not Base64 all over: have the source send it again",
	"整个文件一笔未发；文件在途中损坏，或并非全是 Base64：请来源单位重新报送")
ROW(E_WRAP_BEHIND, "wrap.behind", ERR_DATA, 1,
	"something stands behind the end of the {wrap}, from byte {byte} ({hex}) on; the file was not believed",
	"{wrap} 结束之后还有内容（自字节偏移 {byte} 起，{hex}）；该文件不予采信",
	"nothing of the file was passed on; files may have been joined: have the source send each by itself",
	"整个文件一笔未发；可能是几个文件被拼在了一起：请来源单位分开报送")
ROW(E_WRAP_CHECKSUM, "wrap.checksum", ERR_DATA, 1,
	"the checksum of the {wrap} at byte {byte} is not that of what is inside<: {entry}>; the file was not believed",
	"{wrap} 在字节偏移 {byte} 处的校验和与内容不符<（{entry}）>；该文件不予采信",
	"nothing of the file was passed on; it was damaged on its way: have the source send it again",
	"整个文件一笔未发；文件在途中损坏：请来源单位重新报送")
ROW(E_WRAP_CORRUPT, "wrap.corrupt", ERR_DATA, 1,
	"the {wrap} breaks its format at byte {byte} ({hex})<, in {entry}>; the file was not believed",
	"{wrap} 在字节偏移 {byte} 处（{hex}）不合格式<，条目 {entry}>；该文件不予采信",
	"nothing of the file was passed on; it was damaged on its way, or made by a program that writes it otherwise: have the source send it again",
	"整个文件一笔未发；文件在途中损坏，或由写法不同的程序生成：请来源单位重新报送")
ROW(E_WRAP_FRAME_EXPECT, "wrap.frame_expect", ERR_CONF, 3,
	"what is expected of {name} is no ASCII of at most {width} bytes; the form was not loaded",
	"对 {name} 的预期值不是 {width} 字节以内的 ASCII；该报文格式未加载",
	"write it without the blanks that fill up the field",
	"请照写内容，不带补位的空格")
ROW(E_WRAP_FRAME_FIELD, "wrap.frame_field", ERR_DATA, 1,
	"frame {frame}: {name} is \"{got}\" at byte {byte}, expected is \"{want}\"; the file was not believed",
	"第 {frame} 帧：字节偏移 {byte} 处的 {name} 是“{got}”，应为“{want}”；该文件不予采信",
	"nothing of the file was passed on; it is another kind of message, or another version: it needs a form of its own",
	"整个文件一笔未发；这是另一种报文或另一个版本：须另配报文格式")
ROW(E_WRAP_FRAME_FIELDS, "wrap.frame_fields", ERR_CONF, 3,
	"the head of a frame has more than {max} fields or {bytes} bytes; the form was not loaded",
	"帧头超过 {max} 个字段或 {bytes} 字节；该报文格式未加载",
	"name fields together that nothing is expected of",
	"没有预期值的相邻字段请合成一个")
ROW(E_WRAP_FRAME_LARGE, "wrap.frame_large", ERR_DATA, 1,
	"the frame that begins at byte {byte} is larger than {max} bytes; it was not read",
	"自字节偏移 {byte} 起的帧超过 {max} 字节；未读入",
	"nothing of the file was passed on; check that the file is one of frames, and ask the source for smaller ones",
	"整个文件一笔未发；请核对该文件是否为帧格式，并请来源单位拆小")
ROW(E_WRAP_FRAME_LENGTH, "wrap.frame_length", ERR_DATA, 1,
	"the length of frame {frame}, at byte {byte}, is no number that a frame can have; the file was not believed",
	"第 {frame} 帧的长度（字节偏移 {byte} 处）不是帧可能有的数；该文件不予采信",
	"nothing of the file was passed on; the frame before may have counted otherwise: see whether length: of the form must be bytes or characters",
	"整个文件一笔未发；前一帧的计数方式可能不同：请核对报文格式的 length: 应为 bytes 还是 characters")
ROW(E_WRAP_FRAME_MAC, "wrap.frame_mac", ERR_DATA, 1,
	"frame {frame} was not made with our token: its check value at byte {byte} is another; nothing in the file was believed",
	"第 {frame} 帧不是用双方约定的口令生成的：字节偏移 {byte} 处的校验值不符；整个文件不予采信",
	"nothing of the file was passed on; it was changed on its way, or the token is another, or length: of the form counts otherwise: settle it with the source",
	"整个文件一笔未发；文件被改动过，或口令不同，或 length: 的计数方式不同：请与来源单位核实")
ROW(E_WRAP_NOT, "wrap.not", ERR_DATA, 1,
	"the file is no {wrap}: at byte {byte} it has {hex}; nothing of it was read",
	"该文件不是 {wrap}：字节偏移 {byte} 处是 {hex}；未读入",
	"have the source send what was agreed, or correct wraps: of the form; a file without the wrap is not taken for one",
	"请来源单位按约定报送，或更正报文格式中的 wraps:；没有封装的文件不会按有封装处理")
ROW(E_WRAP_NO_KEYS, "wrap.no_keys", ERR_CONF, 3,
	"the form needs the secret {name}, and the site names no folder of keys",
	"该报文格式要用密钥 {name}，而站点没有写密钥文件夹",
	"nothing was started; write keys: below site:, and put a file of that name there",
	"没有启动；请在 site: 下写 keys:，并将同名文件放入其中")
ROW(E_WRAP_RATIO, "wrap.ratio", ERR_DATA, 1,
	"what is inside the {wrap} is more than {max} times as large as the file up to byte {byte}; unpacking was broken off",
	"{wrap} 解开后已超过原文件（至字节偏移 {byte}）的 {max} 倍；已停止解开",
	"nothing of the file was passed on; such files are made to harm: ask the source what it sent",
	"整个文件一笔未发；这类文件往往是有意为害：请向来源单位核实所发内容")
ROW(E_WRAP_SECRET_EMPTY, "wrap.secret_empty", ERR_CONF, 3,
	"the secret in {file} is empty",
	"{file} 里的密钥是空的",
	"nothing was started; write the one into it that was agreed with the other party, without blanks",
	"没有启动；请把与对方约定的密钥写入该文件，不带空格")
ROW(E_WRAP_SECRET_NAME, "wrap.secret_name", ERR_CONF, 3,
	"{name} cannot be the name of a secret; the form was not loaded",
	"{name} 不能作密钥文件名；该报文格式未加载",
	"write the plain name of a file in the site's folder of keys, without / and blanks, not beginning with a dot",
	"请写站点密钥文件夹中的文件名，不含 / 和空格，不以点开头")
ROW(E_WRAP_TOO_LARGE, "wrap.too_large", ERR_DATA, 1,
	"what is inside the {wrap} is larger than {max} bytes; unpacking was broken off at byte {byte} of the file",
	"{wrap} 解开后超过 {max} 字节；在原文件字节偏移 {byte} 处停止解开",
	"nothing of the file was passed on; ask the source to send several files",
	"整个文件一笔未发；请来源单位拆成几个文件")
ROW(E_WRAP_TRUNCATED, "wrap.truncated", ERR_DATA, 1,
	"the {wrap} ends at byte {byte}, before its end<, in {entry}>; the file was not believed",
	"{wrap} 在字节偏移 {byte} 处中断，未到结尾<，条目 {entry}>；该文件不予采信",
	"nothing of the file was passed on; it was cut off on its way: have the source send it again",
	"整个文件一笔未发；文件传输不完整：请来源单位重新报送")
ROW(E_WRAP_ZIP_DIRECTORY, "wrap.zip_directory", ERR_DATA, 1,
	"the directory of the archive, at byte {byte}, does not say what stands before it<: {entry}>; the file was not believed",
	"压缩包的目录（字节偏移 {byte} 处）与包内实际内容不符<（{entry}）>；该文件不予采信",
	"nothing of the file was passed on; two programs would read two documents out of it: have the source pack it anew",
	"整个文件一笔未发；不同程序会从中读出不同内容：请来源单位重新打包")
ROW(E_WRAP_ZIP_ENCRYPTED, "wrap.zip_encrypted", ERR_DATA, 1,
	"{entry} in the archive is encrypted (byte {byte}); it was not read",
	"压缩包里的 {entry} 已加密（字节偏移 {byte}）；未读入",
	"nothing of the file was passed on; have the source pack it without a password",
	"整个文件一笔未发；请来源单位不加密码重新打包")
ROW(E_WRAP_ZIP_ENTRIES, "wrap.zip_entries", ERR_DATA, 1,
	"the archive has more than {max} entries; reading was broken off at byte {byte}",
	"压缩包里超过 {max} 个条目；在字节偏移 {byte} 处停止读取",
	"nothing of the file was passed on; one document is to stand in it: ask the source what it sent",
	"整个文件一笔未发；一个压缩包应只有一个文件：请向来源单位核实所发内容")
ROW(E_WRAP_ZIP_METHOD, "wrap.zip_method", ERR_DATA, 1,
	"{entry} in the archive is packed in a way that is not read (byte {byte})",
	"压缩包里的 {entry} 用了不支持的压缩方式（字节偏移 {byte}）",
	"nothing of the file was passed on; have the source pack it with plain ZIP (deflate)",
	"整个文件一笔未发；请来源单位用普通 ZIP（deflate）重新打包")
ROW(E_WRAP_ZIP_NAME, "wrap.zip_name", ERR_DATA, 1,
	"an entry of the archive has a name that leads elsewhere or is none: {entry} (byte {byte}); the file was not believed",
	"压缩包里有条目名称指向别处或不成名称：{entry}（字节偏移 {byte}）；该文件不予采信",
	"nothing of the file was passed on; such archives are made to harm: ask the source what it sent",
	"整个文件一笔未发；这类压缩包往往是有意为害：请向来源单位核实所发内容")
ROW(E_WRAP_ZIP_NONE, "wrap.zip_none", ERR_DATA, 1,
	"the archive has no entry {name}",
	"压缩包里没有名为 {name} 的条目",
	"nothing of the file was passed on; have the source send what was agreed, or correct name: of the form",
	"整个文件一笔未发；请来源单位按约定报送，或更正报文格式中的 name:")
ROW(E_WRAP_ZIP_OTHER, "wrap.zip_other", ERR_DATA, 1,
	"the archive holds {entry} as well (byte {byte}), which the form does not know; it was not left aside silently",
	"压缩包里另有 {entry}（字节偏移 {byte}），报文格式中没有它；不会悄悄略过",
	"nothing of the file was passed on; when it may stand there, write its name below besides: of the form",
	"整个文件一笔未发；如允许它存在，请将其名称写入报文格式的 besides:")
ROW(E_WRAP_ZIP_SEVERAL, "wrap.zip_several", ERR_DATA, 1,
	"the archive holds more than one document: {entry} is the second one (byte {byte})",
	"压缩包里不止一个文件：{entry} 是第二个（字节偏移 {byte}）",
	"nothing of the file was passed on; which one counts is not guessed: have the source send each by itself, or narrow name: of the form",
	"整个文件一笔未发；不猜测以哪个为准：请来源单位分开报送，或将报文格式的 name: 写得更窄")

/* names of files */
ROW(E_PATTERN_NAME, "pattern.name", ERR_CONF, 3,
	"the name {name} in a file name pattern is unknown or stands there twice; the form was not loaded",
	"文件名模式中的名称 {name} 不存在或重复；该格式未加载",
	"use a name that is known here, each one once<; the nearest one is: {near}>",
	"请使用此处已有的名称，每个名称只用一次<；最相近的是：{near}>")
ROW(E_PATTERN_SYNTAX, "pattern.syntax", ERR_CONF, 3,
	"the file name pattern breaks its rules at character {at}; the form was not loaded",
	"文件名模式在第 {at} 个字符处不合规则；该格式未加载",
	"write parts as {name}, {name:3} or {name:yyyyMMdd}; no empty pattern, no control characters, no . or .. as a folder",
	"请将各部分写成 {name}、{name:3} 或 {name:yyyyMMdd}；不得为空，不得含控制字符，不得以 . 或 .. 作文件夹名")
ROW(E_PATTERN_TOO_LONG, "pattern.too_long", ERR_DATA, 1,
	"the file name that the pattern makes has a part of more than {max} bytes; no file was made",
	"按模式生成的文件名有一段超过 {max} 字节；未生成文件",
	"shorten the pattern or the value that it takes in",
	"请缩短文件名模式或其所用的内容")
ROW(E_PATTERN_VALUE, "pattern.value", ERR_DATA, 1,
	"the part {part} of the file name has no value that can stand in a name; no file was made",
	"文件名中的 {part} 没有可用于文件名的值；未生成文件",
	"check the value: it must be there, fit the width or date of the pattern, and hold no / and no control characters",
	"请核对该值：不得缺失，须符合模式中的位数或日期，不得含 / 和控制字符")

/* claims, batches */
ROW(E_BATCH_ALTERED, "batch.altered", ERR_DATA, 1, "the original of batch {subject} in .taken is no longer what was claimed", "批次 {subject} 在 .taken 里的原件已不是认领时的内容",
	"it was not read again, nothing of it goes out; find out who changed it, and ask the source for the file", "没有重读，一笔未发；请查明谁动过原件，并请来源系统重报")
ROW(E_BATCH_AMOUNT, "batch.amount", ERR_DATA, 1, "the amounts of the file together are larger than {max}", "文件金额合计超过 {max}",
	"nothing of this file goes out; columns may have run together: ask the source for a right file", "该文件一笔未发；可能有两栏数字连在一起，请来源系统重出正确的文件")
ROW(E_BATCH_CONFLICT, "batch.conflict", ERR_DATA, 1, "the keys {keys} were published before with other content, as batch {before}", "主键 {keys} 此前已以别的内容发布过，批次 {before}",
	"nothing of this file goes out; settle with the source which one is right", "该文件一笔未发；请与来源系统核实以哪份为准")
ROW(E_BATCH_CONFLICT_LINE, "batch.conflict_line", ERR_DATA, 1, "{count} of its records have a key that was published with other content", "其中 {count} 笔的主键此前已以别的内容发布过",
	"the whole batch is held, not one is passed on; settle with the source which is right", "整批挂起，一笔未发；请与来源系统核实以哪份为准")
ROW(E_BATCH_DUPLICATE, "batch.duplicate", ERR_DATA, 1, "the same file was taken before, as batch {before}", "同一文件此前已收过，批次 {before}",
	"nothing is done twice; tell the source that it came twice", "不会重复办理；请告知来源系统重复报送")
ROW(E_BATCH_DUPLICATE_LINE, "batch.duplicate_line", ERR_DATA, 1, "{count} of its records were published before or stand in it twice", "其中 {count} 笔此前已发布过，或在文件里出现两次",
	"the whole batch is held, not one is passed on; ask the source for a right file", "整批挂起，一笔未发；请来源系统重出正确的文件")
ROW(E_BATCH_EMPTY, "batch.empty", ERR_DATA, 1, "the file holds no record", "文件里没有记录",
	"nothing was passed on; it is kept in .taken; ask the source whether it was meant so", "没有可发的内容，原件保存在 .taken；请向来源系统确认")
ROW(E_BATCH_MIXED_START, "batch.mixed_start", ERR_DATA, 1, "{count} of its records are older than the date at the adapter's start:", "其中 {count} 笔早于接入的 start: 日期",
	"the whole batch is held, not one is passed on: a batch goes whole or not at all", "整批挂起，一笔未发：批次要么全发，要么不发")
ROW(E_BATCH_NO_ORIGINAL, "batch.no_original", ERR_DATA, 5, "the original of batch {subject} is no longer in .taken: it cannot be read again", "批次 {subject} 的原件已不在 .taken 里，无法重读",
	"nothing of it goes out; ask the source for the file again, it takes this one's place", "一笔未发；请来源系统重报该文件，它会取代本批")
ROW(E_BATCH_RETURNED, "batch.returned", ERR_DATA, 1, "given back to its source by {by}: {why}", "由 {by} 退回来源系统：{why}",
	"nothing of it was sent; a right file under the same name is taken as a new one", "一笔未发；来源系统以同名重报正确文件即可")
ROW(E_BATCH_SEEN, "batch.seen", ERR_DATA, 1, "seen as a duplicate by {by}: {why}", "由 {by} 确认为重复报送：{why}",
	"nothing of it was sent, nothing was done twice", "一笔未发，没有重复办理")
ROW(E_BATCH_SUPERSEDED, "batch.superseded", ERR_DATA, 1, "a new file with the same keys took its place, as batch {by}", "同一主键的新文件已取代它，批次 {by}",
	"nothing of the old one was sent", "旧的一笔未发")
ROW(E_BATCH_MOSTLY_DEAD, "batch.mostly_dead", ERR_DATA, 1,
	"{dead} of its {records} records cannot be passed on: something is wrong with all of it; the first: {cause}",
	"{records} 笔中有 {dead} 笔过不去，多半是整个文件或报文格式有问题；第一个原因：{cause}",
	"the file is held instead of filling the dead letters, and its adapter stopped itself: mend the form or give the file back, then jincai resume ADAPTER",
	"整个文件挂起，没有写成一堆死信；接入已自行停下：请修改报文格式或退回文件，再 jincai resume 接入名")
ROW(E_BATCH_SUSPECTED, "batch.suspected", ERR_DATA, 1,
	"{count} of its payments may be made twice: line {line} has payee account, amount, unit and purpose of <{other} of {day}><line {twin} of the same file><line {there} of a file of {adapter} that came at the same time>",
	"其中 {count} 笔疑似重复付款：第 {line} 行的收款账号、金额、单位、用途与<{day} 的 {other}><本文件第 {twin} 行><{adapter} 同时到达的文件第 {there} 行>完全相同",
	"ask the source whether both are meant: see the lines with jincai held show BATCH; a double is given back (jincai held return), what is right two people let go (jincai held confirm)",
	"请与来源系统核对是否确应付两笔：逐行见 jincai held show 批次；确属重复的退回（jincai held return），确应付的由两人签批放行（jincai held confirm）")
ROW(E_BATCH_TOO_MANY, "batch.too_many", ERR_DATA, 1, "a batch that is released whole has at most {max} records", "整批放行的批次最多 {max} 笔",
	"nothing of it is passed on; ask the source to send several batches", "该批一笔未发；请来源系统拆成几批")
ROW(E_REPAIR_INSTRUCTION, "repair.instruction", ERR_CONF, 5, "batch {subject} moves money: no line of an instruction is ever changed here; nothing was changed",
	"批次 {subject} 是付款指令：指令的内容在这里一律不得更改；未作任何改动", "give it back with a slip, and ask the source for a right file: jincai held return {subject} --reason TEXT",
	"请开退回单，由来源系统重出正确的文件：jincai held return {subject} --reason 原因")
ROW(E_REPAIR_LINE, "repair.line", ERR_CONF, 2, "one line takes the place of one line: 1 to 4096 bytes without an end of line, and the number of a line from 1; nothing was changed",
	"一次只能以一行替换一行：1 至 4096 字节，不含换行，行号从 1 起；未作任何改动", "write just that line into the file that --from names, in the charset of the source's file",
	"请把该行单独写入 --from 所指的文件，字符集与来源文件相同")
ROW(E_REPAIR_MANY, "repair.many", ERR_CONF, 5, "32 lines of batch {subject} are changed already; nothing was changed", "批次 {subject} 已更正 32 行；未作任何改动",
	"such a file is better made anew: ask the source", "这样的文件不如重出：请联系来源系统")
ROW(E_REPAIR_NO_LINE, "repair.no_line", ERR_DATA, 1, "{count} of the changed lines are not in the file: it has fewer lines", "更正的行中有 {count} 行不在文件里：文件没有那么多行",
	"the whole batch is held, not one is passed on; give it back, and ask the source for the file again", "整批暂停，一笔未发；请退回，由来源系统重报")
ROW(E_REPAIR_NO_LINES, "repair.no_lines", ERR_CONF, 5, "batch {subject} is no file of lines: none can be changed; nothing was changed", "批次 {subject} 的文件不分行，无法逐行更正；未作任何改动",
	"ask the source for a right file; it takes this one's place", "请来源系统重出正确的文件，它会取代本批")
ROW(E_DEAD_ELSEWHERE, "dead.elsewhere", ERR_CONF, 5, "what the letter is about was published before, or is older than the adapter's start: it must not go out; nothing was changed",
	"死信所说的这一笔此前已发布，或早于接入的 start: 日期，不得再发；未作任何改动", "give it back, so that it is settled: jincai dead return NUMBER --reason TEXT", "请退回了结：jincai dead return 编号 --reason 原因")
ROW(E_DEAD_OF_FILE, "dead.of_file", ERR_CONF, 5, "the letter speaks of a whole file, not of one record; nothing was changed", "这封死信说的是整个文件，不是某一笔；未作任何改动",
	"decide on its batch: jincai held list, then held return or held retry", "请对其批次作决定：先 jincai held list，再 held return 或 held retry")
ROW(E_CLAIM_RECORD, "claim.record", ERR_HALT, 6, "a claim record cannot be read: {id}", "认领记录读不懂：{id}",
	"the adapter stopped, nothing was sent; keep the store as it is and ask for help", "接入已停，没有发出任何东西；请保留现场并求助")
ROW(E_DROP_DENIED, "drop.denied", ERR_DATA, 1, "{file} may not be read by the account that runs jincai", "运行 jincai 的账户无权读取 {file}",
	"it stays where it is, unread, the others go on; give the account the right to read it, it is then taken by itself", "文件留在原处未读，其他文件照常处理；请授予读取权限，之后会自动收取")
ROW(E_DROP_GROWING, "drop.growing", ERR_RETRY, 4, "{file} was still being written while we read it", "读取 {file} 时它还在增长",
	"the copy was thrown away; it is read again by itself when it stands still", "副本已丢弃；等它写完会自动重读")
ROW(E_DROP_LONG_NAME, "drop.long_name", ERR_CONF, 3, "the name of {file} is too long to be kept beside a number", "{file} 的文件名太长，无法加编号保存",
	"it stays where it is, unread; ask the source for a shorter name", "文件留在原处未读；请来源系统改短文件名")
ROW(E_DROP_NAME, "drop.name", ERR_DATA, 1, "a file in {file} has a name that is not UTF-8, or a quote, a backslash or a control in it", "{file} 里有文件名不是 UTF-8，或含引号、反斜杠、控制字符",
	"it stays where it is, unread, the others go on; have the source write its names in UTF-8 (it may be GBK now)", "文件留在原处未读，其他文件照常处理；请来源系统用 UTF-8 写文件名（现在可能是 GBK）")
ROW(E_DROP_NOT_REGULAR, "drop.not_regular", ERR_DATA, 1, "{file} is a {what}, not a file; it was not read", "{file} 不是普通文件（{what}）；未读取",
	"it stays where it is, the others go on; put a real file there", "留在原处，其他文件照常处理；请放入真正的文件")
ROW(E_DROP_OTHER_DEVICE, "drop.other_device", ERR_CONF, 3, "{file} lies on another file system than its folder", "{file} 与所在文件夹不在同一文件系统",
	"nothing was taken; unmount what is mounted there, then start again", "没有取走任何文件；请卸下挂在那里的文件系统，然后重新启动")
ROW(E_DROP_SPOOL_DAMAGED, "drop.spool_damaged", ERR_HALT, 6, "our copy {file} is shorter than it was, or altered, in MiB {block}; what follows was not published", "暂存副本 {file} 的第 {block} MiB 变短或被改动；其后没有发布",
	"find out who changed it, and check the disk; then move {file} away and start again: the copy is made once more from the original in .taken, if that is still what was claimed", "请查明是谁改动的，并检查磁盘；然后移走 {file} 再启动：程序会用 .taken 中的原件（须与登记时一致）重做副本")
ROW(E_DROP_SPOOL_MISSING, "drop.spool_missing", ERR_CONF, 6, "our copy {file} is gone while its batch is being published<, and the original in {original} is gone too or is not what was claimed>; what follows was not published", "批次发布途中暂存副本 {file} 不见了<，{original} 里的原件也不在或与登记时不一致>；其后没有发布",
	"the adapter stands, the others go on; when the batch was begun on another host, bring spool or .taken of this adapter from there; else put the original back from a backup; then start again", "该接入已停，其他照常；批次若在别的主机上开始，请从那里把该接入的 spool 或 .taken 拷来；否则从备份恢复原件；然后重新启动")
ROW(E_BATCH_CLOSING, "batch.closing", ERR_HALT, 6, "the end of a batch cannot be read: {id}", "批次结束标记读不懂：{id}",
	"the flow stopped here; keep the store as it is and ask for help", "流程停在此处；请保留现场并求助")
ROW(E_BATCH_COUNT, "batch.count", ERR_DATA, 1, "declared are {want} records, found were {got}", "声明 {want} 笔，实际 {got} 笔",
	"the whole batch is held, not one is passed on; ask the source for a right file", "整批挂起，一笔未发；请来源系统重出正确的文件")
ROW(E_BATCH_DEAD_RECORD, "batch.dead_record", ERR_DATA, 1, "{count} of its records cannot be passed on", "其中 {count} 笔记录过不去",
	"the whole batch is held, not one is passed on: a batch goes whole or not at all", "整批挂起，一笔未发：批次要么全发，要么不发")
ROW(E_BATCH_DECLARED, "batch.declared", ERR_DATA, 1, "the declared {what} cannot be read: {text}", "声明的 {what} 读不懂：{text}",
	"nothing of this batch is passed on; ask the source for a right file", "该批一笔未发；请来源系统重出正确的文件")
ROW(E_BATCH_LOST_SEPARATOR, "batch.lost_separator", ERR_DATA, 1, "line {line} has too few columns and ends in exactly the missing {difference}: it may have lost its separator",
	"第 {line} 行列数不足，末尾正好是所差的 {difference}：可能丢了分隔符", "look at that line with the source; nothing is repaired by itself", "请与来源系统核对该行；系统不会自行修补")
ROW(E_BATCH_NO_TRAILER, "batch.no_trailer", ERR_DATA, 1, "the line with the totals is missing", "缺少合计行",
	"the file may be cut off; the whole batch is held, not one is passed on", "文件可能不完整；整批挂起，一笔未发")
ROW(E_BATCH_REREAD, "batch.reread", ERR_CONF, 3,
	"a batch that could be read when it was claimed can no longer be read: {code}",
	"批次认领时读得通，现在读不通了：{code}",
	"the adapter stopped where it was; what was published stays, nothing is doubled; if a secret in the folder of keys was changed meanwhile, put the old one back until this batch is through",
	"接入停在原处；已发布的仍有效，不会重复；如其间更换过密钥文件夹里的密钥，请先恢复旧密钥，待该批次发完再换")
ROW(E_BATCH_TWO_TOTALS, "batch.two_totals", ERR_DATA, 1, "the file declares two different figures as its {what}: {first}, then {second}", "文件声明了两个不同的 {what}：先是 {first}，后是 {second}",
	"the whole batch is held, not one is passed on; ask the source which is right and for a right file", "整批挂起，一笔未放行；请问明来源单位以哪个为准，并重新报送")
ROW(E_BATCH_UNDECLARED, "batch.undeclared", ERR_DATA, 1, "the form says that the file declares its {what}, and it does not", "报文格式规定文件要声明 {what}，文件里却没有",
	"the head or the line of totals is missing or empty: the whole batch is held, not one is passed on; ask the source for a whole file", "首行或合计行缺失或为空：整批挂起，一笔未放行；请来源单位报送完整文件")
ROW(E_BATCH_SUM, "batch.sum", ERR_DATA, 1, "declared are {want}, found were {got}, the difference is {difference}<; the amounts of {unread} records could not be read>", "声明金额 {want}，实际 {got}，相差 {difference}<；另有 {unread} 笔的金额读不出来>",
	"the whole batch is held, not one is passed on; ask the source for a right file", "整批挂起，一笔未发；请来源系统重出正确的文件")

/* router, destinations, parcels */
ROW(E_GATHER_ALREADY, "gather.already", ERR_DATA, 1, "{already} of its lines were given to this destination before, {new} were not", "其中 {already} 笔此前已交给该去向，{new} 笔没有",
	"the whole batch is held, not one is sent; compare with what the receiver has", "整批挂起，一笔未发；请与接收方核对")
ROW(E_GATHER_FAILED, "gather.failed", ERR_DATA, 1, "{failed} of its {all} lines failed, for this or another destination", "共 {all} 笔，其中 {failed} 笔没有走通（本去向或其他去向）",
	"the whole batch is held, not one is sent: see jincai dead list", "整批挂起，一笔未发：请看 jincai dead list")
ROW(E_GATHER_FORM, "gather.form", ERR_DATA, 1, "lines of it were written by another layout of the form than the one in force: their columns would be read as something else", "其中有按报文格式原来的列排法写成的行，与现行的不同：照现行格式写出，各列的含义就错了",
	"the whole batch is held, not one is sent: give it back and have the source hand it in again; or adopt the former form, then jincai held retry {batch} --reason TEXT", "整批挂起，一笔未发：请退回本批，由来源系统重报；或由两人改回原报文格式，再执行 jincai held retry {batch} --reason 原因")
ROW(E_GATHER_LEDGER, "gather.ledger", ERR_DATA, 1, "parcel {no}, of {had} lines, was handed over of this batch before the store was restored; now it would have {now} lines", "在库恢复之前，本批已交出发送批 {no}（{had} 笔）；现在将是 {now} 笔",
	"the whole batch is held, not one is sent; compare with what the receiver has", "整批挂起，一笔未发；请与接收方核对")
ROW(E_GATHER_LINE, "gather.line", ERR_HALT, 6, "a line for this destination cannot be read: {id}", "该去向的一行读不懂：{id}",
	"the destination stopped, nothing behind this place was sent; keep the store as it is and ask for help", "该去向已停，之后一笔未发；请保留现场并求助")
ROW(E_GATHER_LINES, "gather.lines", ERR_HALT, 6, "batch {batch}: the router wrote {want} lines, {got} are here", "批次 {batch}：路由器写了 {want} 行，此处有 {got} 行",
	"the destination stopped, nothing of the batch was sent; keep the store as it is and ask for help", "该去向已停，该批一笔未发；请保留现场并求助")
ROW(E_GATHER_COUNT, "gather.count", ERR_HALT, 6, "batch {batch}: {want} lines were to go to the topic, {got} went", "批次 {batch}：应发布 {want} 笔到主题，实际发布 {got} 笔",
	"the destination stopped, nothing behind it was sent; tell those who read the topic; keep the store as it is and ask for help", "该去向已停，之后一笔未发；请告知读取该主题的各方，保留现场并求助")
ROW(E_GATHER_MOVED, "gather.moved", ERR_CONF, 3, "{destination} goes elsewhere now, and {what} is still on its way to where it went before ({former})", "去向 {destination} 已改往别处，而 {what} 正在发往原处（{former}），尚未发完",
	"the destination stopped, nothing more was sent; put its former to: back and start; change it when nothing is on its way there any more", "该去向已停，没有再发出任何东西；请恢复该去向原来的 to: 并重新启动；待原处没有在途的内容，再改 to:")
ROW(E_GATHER_OTHER, "gather.other", ERR_CONF, 3, "{destination} has gathered by {gather} until now, and the site file says otherwise: it would begin anew, and hand over all once more", "去向 {destination} 至今按 {gather} 收集，而站点文件的写法不同：改后会从头开始，把全部内容再交付一遍",
	"the destination was not started, nothing was sent; put gather: {gather} back; who wants it otherwise takes a new destination under another name", "该去向没有启动，没有发出任何东西；请改回 gather: {gather}；如需改变，请另设一个去向并用新名称")
ROW(E_GATHER_WHOLE, "gather.whole", ERR_DATA, 1, "{lines} lines of it came to a destination that gathers by partition, and the batch is released whole or not at all: nobody there sees the whole of it", "其中 {lines} 笔到了按分区收集的去向，而本批须整批发送：该处无人能看到整批",
	"not one of them is sent; put the route back as it was", "一笔未发；请把路由改回原样")
ROW(E_GATHER_PARTLY, "gather.partly", ERR_CONF, 3, "of batch {batch} {out} of {all} lines are on the topic of {destination}, the rest cannot follow: {code}", "批次 {batch} 共 {all} 笔，已有 {out} 笔发布到 {destination} 的主题，其余发不出去：{code}",
	"the destination stopped there, nothing is doubled; put back the former form and start: the rest goes out; change the form behind it", "该去向停在该处，不会重复；请恢复原来的报文格式并重新启动，其余即会发出；之后再改格式")
ROW(E_GATHER_STATE, "gather.state", ERR_HALT, 6, "the kept state of batch {batch} cannot be read", "批次 {batch} 的保存状态读不懂",
	"the destination stopped, nothing was sent; keep the store as it is and ask for help", "该去向已停，没有发出任何东西；请保留现场并求助")
ROW(E_LEDGER_DAMAGED, "ledger.damaged", ERR_CONF, 5, "line {line} of {file} is not as it was written: somebody changed it, or the disk did", "{file} 第 {line} 行已不是写入时的内容：有人改动，或磁盘有误",
	"the destination stopped, nothing was sent; find out why; put the file back from a backup and compare with the receiver", "该去向已停，一笔未发；请查明原因，从备份放回该文件，并与接收方核对")
ROW(E_OUTBOX_OTHER_DEVICE, "outbox.other_device", ERR_CONF, 3, "{file} lies on another file system than its folder", "{file} 与所在文件夹不在同一文件系统",
	"nothing was sent; unmount what is mounted there, then start again", "没有发出任何文件；请卸下挂在那里的文件系统，然后重新启动")
ROW(E_OUTBOX_STAGED, "outbox.staged", ERR_RETRY, 4, "a file that was being written in {folder}/.staging is gone: another process owns the flow by now and has cleared away what did not count, or somebody removed it; nothing of this step was sent",
	"{folder}/.staging 中正在写入的文件不见了：流程可能已归另一进程，由其清除未生效的内容，也可能有人删除；本步骤一笔未发",
	"nothing: the flow opens again, and ends when it was superseded; if it comes back, find out who removes files there", "无须处理：流程会重新打开，若已被取代则退出；若反复出现，请查明谁在删除该处文件")
ROW(E_PARCEL_GONE, "parcel.gone", ERR_CONF, 5, "parcel {subject} of {flow} is neither where it was staged nor whole under its name: somebody took it; nothing was changed, nothing was sent",
	"{flow} 的发送批 {subject} 既不在待发区，也不完整地在原位：有人取走了；未作任何改动，一笔未发", "ask the receiver once more; if it has it: jincai held came",
	"请再向接收方核实；若对方已收到：jincai held came")
ROW(E_PARCEL_ALTERED, "parcel.altered", ERR_CONF, 5, "the bytes of parcel {no} ({name}) for {destination} are not those that were planned: somebody changed or removed .staging/{staged}", "去向 {destination} 的发送批 {no}（{name}）已不是计划时的内容：有人改动或删除了 .staging/{staged}",
	"it was not handed over, and nothing behind it; find out who did it; put the planned bytes back, then start again", "该批没有交出，之后的也没有；请查明是谁所为；放回计划时的原文件之后重新启动")
ROW(E_PARCEL_CURRENCIES, "parcel.currencies", ERR_DATA, 1, "batch {batch} holds several currencies and the file declares one sum", "批次 {batch} 含多种币种，而文件只声明一个合计",
	"the whole batch is held, not one is sent; split by currency", "整批挂起，一笔未发；请按币种分发")
ROW(E_PARCEL_RECORD, "parcel.record", ERR_HALT, 6, "a kept parcel cannot be read (state {state})", "保存的发送批读不懂（状态 {state}）",
	"the destination stopped, nothing was sent; keep the store as it is and ask for help", "该去向已停，没有发出任何东西；请保留现场并求助")
ROW(E_PARCEL_SUM, "parcel.sum", ERR_HALT, 6, "the lines written into {name} are not those that its head declares", "写入 {name} 的明细与其表头声明不一致",
	"the file was not handed over; keep the store as it is and ask for help", "文件没有交出；请保留现场并求助")
ROW(E_PARCEL_TOO_MANY, "parcel.too_many", ERR_DATA, 1, "the batch would become more than {max} files", "该批将拆成超过 {max} 个文件",
	"the whole batch is held, not one is sent; split it by a field with fewer values, or ask the source for smaller batches", "整批挂起，一笔未发；请改用取值较少的字段分发，或请来源系统拆小批次")
ROW(E_PARCEL_UNKNOWN, "parcel.unknown", ERR_DATA, 1, "parcel {no} ({name}) to {destination} was being handed over when the machine stopped: it may or may not have arrived",
	"发送批 {no}（{name}）交给 {destination} 时机器停了：可能已到，也可能未到", "it is not sent again by itself: ask the receiver whether it has {name}; then jincai held came {destination}/{no}, or jincai held never {destination}/{no}",
	"不会自动重发：请向接收方核实是否收到 {name}；收到则 jincai held came {destination}/{no}，没收到则 jincai held never {destination}/{no}")
ROW(E_ROUTE_BATCH, "route.batch", ERR_HALT, 6, "batch {batch} says {want} records on this partition, {got} were read", "批次 {batch} 在本分区声明 {want} 笔，读到 {got} 笔",
	"the router stopped here, nothing behind this place was routed; keep the store as it is and ask for help", "路由器停在此处，之后的一笔也没有发出；请保留现场并求助")
ROW(E_ROUTE_EVENT, "route.event", ERR_HALT, 6, "the data of event {id} cannot be read", "事件 {id} 的数据读不懂",
	"the router stopped here, nothing behind this place was routed; keep the store as it is and ask for help", "路由器停在此处，之后的一笔也没有发出；请保留现场并求助")
ROW(E_ROUTE_MASS, "route.mass", ERR_DATA, 1,
	"{count} events in a row could not be shaped for their destination or had no route: the router stopped itself; the first: {cause}",
	"连续 {count} 笔无法成形或没有路由，路由器已自行停下；第一个原因：{cause}",
	"those of this step were not written to the dead letters, the router stands in front of them: mend the form or the route (jincai adopt), then jincai resume router",
	"本步的这些没有写成死信，路由器停在它们之前：请修改报文格式或路由（jincai adopt），再 jincai resume router")
ROW(E_ROUTE_NONE, "route.none", ERR_DATA, 1, "no route takes this {type}", "没有路由接收这条 {type}",
	"it was not sent; add or widen a route in jincai.yaml", "没有发出；请在 jincai.yaml 里补充或放宽路由")
ROW(E_ROUTE_NO_SPLIT, "route.no_split", ERR_DATA, 1, "destination {destination} splits by a field that is empty here", "去向 {destination} 按某字段分发，而此处该字段为空",
	"it was not sent there; fill the field in the form's mapping", "没有发往该去向；请在报文格式的映射里填上该字段")
