/* SPDX-License-Identifier: Apache-2.0 */
#include "todo.h"

/* Who reads these is under pressure: what has not happened is said in full each time. */
const struct todo_kind todo_kinds[] = {
	/* Files that an adapter took (waiting_show.c has their words). */
	{.name = "held", .zh = "挂起", .en = "held batch", .whole = true,
		.next = "held return {number} --reason {reason}\nheld retry {number} --reason {reason}\nheld show {number}"},
	{.name = "conflict", .zh = "冲突", .en = "conflict", .whole = true,
		.next = "held return {number} --reason {reason}\nheld show {number}"},
	{.name = "unreadable", .zh = "读不懂的文件", .en = "unreadable file", .whole = true,
		.next = "held return {number} --reason {reason}\nheld retry {number} --reason {reason}\nheld show {number}"},
	{.name = "duplicate", .zh = "重复报送", .en = "duplicate", .whole = true,
		.next = "held seen {number} --reason {reason}\nheld show {number}"},
	{.name = "suspected", .zh = "疑似重复付款", .en = "suspected double", .whole = true,
		.next = "held show {number}\nheld return {number} --reason {reason}\nheld confirm {number} --reason {reason}",
		.do_zh = "逐行看清后，请来源系统确认是否确应付两笔；确属重复的，退回本批",
		.do_en = "see line by line, then ask the source whether both are meant; when it is a double, give this batch back"},
	{.name = "double", .zh = "疑似重复付款（已发布）", .en = "suspected double that was passed on",
		.next = "held seen {number} --reason {reason}\nheld show {number}"},
	/* What a destination has. */
	{.name = "batch", .zh = "在去向处挂起", .en = "batch held at its destination", .whole = true,
		.next = "dead list {number}\nheld retry {number} --reason {reason}\nheld return {number} --reason {reason}\nheld show {number}",
		.not_zh = "整批暂停，一笔未发往 {destinations}", .not_en = "the whole batch is held, not one was sent to {destinations}",
		.do_zh = "先看是哪几笔过不去、为什么；请来源系统更正后整批重报，或补上代码表、报文格式里缺的内容",
		.do_en = "see which records could not go on, and why; have the source correct them and hand the whole batch in again, or add what "
			"a table or a form lacks"},
	{.name = "layout", .zh = "按原列排法写成的批次", .en = "batch written by a former layout", .whole = true,
		.next = "held return {number} --reason {reason}\nheld retry {number} --reason {reason}\nadopt\nheld show {number}",
		.not_zh = "整批暂停，一笔未发往 {destinations}；没有一笔按现行的列排法误读",
		.not_en = "the whole batch is held, not one was sent to {destinations}; none was read by columns that mean something else",
		.do_zh = "请退回本批，由来源系统重报，重报的按现行报文格式写成；不能退回的（别处已送出），由两人改回原报文格式，再执行 held retry",
		.do_en = "give it back and have the source hand it in again: then it is written by the form in force; when it cannot go back (a part "
			"was sent elsewhere), have two people adopt the former form, then held retry"},
	{.name = "parcel", .zh = "送达不明", .en = "parcel of unknown fate", .at_once = true,
		.next = "held came {number} --reason {reason}\nheld never {number} --reason {reason}\nheld show {number}"},
	/* Records that could not go on. */
	{.name = "dead", .zh = "死信", .en = "dead letters",
		.next = "dead list {number}\ndead retry {number} --reason {reason}\ndead return {number} --reason {reason}",
		.do_zh = "请来源系统更正这几笔并重新报送；若是代码表或报文格式缺内容，请补上",
		.do_en = "have the source correct these records and hand them in again; when a table or a form lacks something, add it"},
	{.name = "dead-conflict", .zh = "内容冲突的记录", .en = "conflicting records",
		.next = "dead list {number}\ndead return {number} --reason {reason}",
		.do_zh = "请来源系统确认以哪一笔为准；若以后一笔为准，请换新的编号重报",
		.do_en = "ask the source which of the two is right; when it is the later one, have it sent under a new id"},
	/* What people began. */
	{.name = "approval", .zh = "等待签批", .en = "act that waits for two people",
		.next = "approve {number} --key {file}\napprove {number} --export {file}\napprove list",
		.not_zh = "该操作还没有执行：什么也没有改动，没有任何款项因此送出", .not_en = "the act has not been executed: nothing was changed, no money "
			"was sent because of it",
		.do_zh = "经办、复核各签一次；期限当天结束仍未签齐的作废，须重新提出",
		.do_en = "a handler and a checker sign, each once; when the day of the deadline is over without both, it is void and has to be asked "
			"for again"},
	{.name = "stopped", .zh = "停下的流", .en = "stopped flow", .at_once = true, .next = "resume {number} --reason {reason}\naudit list",
		.not_zh = "自停下起 {flow} 一步未做：没有接收，没有发送；停下之前已办的不受影响",
		.not_en = "since then {flow} has done no step: nothing was taken in, nothing was sent; what was done before stands",
		.do_zh = "先查清停下的原因，再恢复；涉及付款的，恢复须两人签批",
		.do_en = "find out why it was stopped, then let it go on; where money moves that takes two people"},
	{.name = "act", .zh = "尚未执行的操作", .en = "act that nobody has executed", .next = "run",
		.not_zh = "该操作还没有执行，有关的批次、记录和款项都没有变化",
		.not_en = "the act has not been executed; nothing has changed for the batch, the record or the money it speaks of",
		.do_zh = "站点没有运行的，请启动；已在运行的，说明负责的流停下了，先处理它的待办",
		.do_en = "start the site when it does not run; when it does, the flow that has to do it stands: see to that first"},
	{.name = "adopt", .zh = "等待生效的变更", .en = "change that waits to take effect", .next = "adopt {word} --reason {reason}\nadopt",
		.not_zh = "{word} 仍按原内容执行，新内容没有用于任何付款", .not_en = "{word} goes on as it was; the new content was not used for any "
			"payment",
		.do_zh = "看清差异，属实的提请两人签批；改错了的，把文件改回去", .do_en = "see what differs; when it is meant, ask two people for it; when it is "
			"not, put the file back"},
	{.name = "waits", .zh = "变更等待某流做完", .en = "change that waits for a flow", .at_once = true, .next = "run {word}\ntodo",
		.not_zh = "已签批的变更尚未生效；在此之前不开始新的批次，没有丢失任何东西",
		.not_en = "what was approved is not in force yet; until then nothing new is begun, nothing is lost",
		.do_zh = "请在 {word} 所在的主机上启动它；做完手头的批次后自动继续",
		.do_en = "start {word} on its host; when it has ended what it began all goes on by itself"},
	{.name = "altered", .zh = "生效的内容被改动或丢失", .en = "what is in force was altered or is gone", .at_once = true,
		.next = "adopt\naudit list",
		.not_zh = "自下次启动起，涉及付款的一律不启动：不接收文件，一笔不付", .not_en = "from the next start on nothing that "
			"carries money is started: nothing is taken in, nothing is paid",
		.do_zh = "请查明是谁所为；用备份恢复总线文件夹里的 adopted/，再重新启动", .do_en = "find out who did it; put adopted/ in the folder of the bus "
			"back from a copy made before, then start again"},
	{.name = "not-live", .zh = "付款去向尚未放行", .en = "money destination that nobody let go live", .at_once = true,
		.next = "live {word} --reason {reason}\napprove list",
		.not_zh = "一笔未发往 {word}，也没有做成试运行文件：各行都在等待，放行之前一笔也不会发",
		.not_en = "not one was sent to {word}, and nothing was made in shadow: its lines wait, and not one is sent before it is let go live",
		.do_zh = "确应付款的，提请两人签批放行，等待中的各行随即发出；还要与手工文件比对的，把 mode: 改为 shadow",
		.do_en = "when it is to pay, ask two people for it, and what waits goes out; to compare with hand-made files first, write mode: shadow"},
	{.name = "not-shadow", .zh = "停用的付款去向（曾正式运行）", .en = "money destination that was live and is off", .at_once = true,
		.next = "check\naudit list",
		.not_zh = "一笔未发往 {word}，也没有做成试运行文件：各行都在等待，没有丢失",
		.not_en = "nothing is sent to {word}, nothing is made in shadow: its lines wait, none is lost",
		.do_zh = "在站点文件里把 mode: 改回 live；已在 shadow 下运行过的，再由两人签批放行（jincai live）；确应停用的，写 mode: off",
		.do_en = "write mode: live in the site file again; when the site has run meanwhile, two people let it go live anew (jincai live); "
			"when it is to stand, write mode: off"},
	{.name = "left", .zh = "站点文件已没有的接入或去向", .en = "adapter or destination that the site file no longer has", .at_once = true,
		.next = "balance\naudit list",
		.do_zh = "在站点文件里按原名写回 {word}（文件夹、格式照旧），办理生效后重新启动；{word} 办完再删去或改名",
		.do_en = "write {word} into the site file again under that name, with its folder and its form, and let that take effect; when nothing "
			"of {word} waits any more, take it out or give it another name"},
	{.name = "stop", .zh = "叫停的批次或记录", .en = "batch or event that was stopped",
		.next = "resume {number} --reason {reason}\naudit list",
		.not_zh = "{word} 没有发往 {destinations}，恢复之前一笔也不会发；叫停之前已交出的不受影响",
		.not_en = "nothing of {word} was sent to {destinations} since, and nothing will be until it is let go on; what was handed over "
			"before stands",
		.do_zh = "查清后恢复（涉及付款的须两人签批），或请来源系统撤销",
		.do_en = "find out, then let it go on (two people where money moves), or have the source void it"},
	{.name = "guard", .zh = "付款去向全停", .en = "all money is stopped", .at_once = true, .next = "resume {number} --reason {reason}",
		.not_zh = "没有任何付款去向启动，一笔未付；接收文件和非付款的发送照常",
		.not_en = "no money destination was started, not one payment goes out; taking files in, and what moves no money, goes on",
		.do_zh = "按所述原因查清，逐个核对各去向已经收到的发送批，再由两人恢复",
		.do_en = "find out how that came about, compare what each receiver already has, then two people let it go on"},
	{.name = "foreign", .zh = "外来记录", .en = "records that others wrote", .next = "held seen {number} --reason {reason}\ntopics --acls",
		.not_zh = "这些记录都被跳过：没有路由，没有发送，没有计入任何合计",
		.not_en = "they were passed over: not routed, not sent, counted nowhere",
		.do_zh = "请查明是谁写入 {word} 的，收回其写权限（jincai topics --acls 列出应有的权限），然后标记为已看过",
		.do_en = "find out who writes to {word}, take that right away (jincai topics --acls prints those that are needed), then say that they "
			"were seen"},
	{.name = "clock", .zh = "主机时钟不准", .en = "clock that differs from the brokers'", .at_once = true, .next = "todo",
		.not_zh = "没有因此漏发或重复：先后、归属和等待都以 Kafka 服务器的时间为准",
		.not_en = "nothing was held back or sent twice because of it: order, owners and waits go by the time of the brokers",
		.do_zh = "请用时间服务器校准 {word} 或 Kafka 服务器的时钟（chronyc tracking 可看出哪一个不准）：文件日期和签批期限按主机时钟计算。主机"
			"偏快的，校准后首次启动付款可能全停，由两人恢复",
		.do_en = "set the clock of {word}, or of the brokers, by the time server (chronyc tracking shows which is wrong): days of files and of "
			"signatures go by it. When the host was fast, the next start may stop all money, and two people let it go on"},
	/* What did not come; what is running out. */
	{.name = "silent", .zh = "逾期未报", .en = "silent source", .next = "held list\ncheck",
		.not_zh = "{flow} 本期没有发布任何一批，本期一笔也没有发送",
		.not_en = "no batch of {flow} was published in this period, not one of this period was sent",
		.do_zh = "请来源系统报送；已经报送的，看文件是否还在接入文件夹里（文件名不符或缺少完成标志），或已被挂起",
		.do_en = "have the source hand it in; when it says that it did, see whether the file still lies in the drop folder (another "
			"name, no marker) or is held"},
	{.name = "store", .zh = "库将满", .en = "store nearly full", .at_once = true, .next = "check",
		.not_zh = "目前没有丢失，也没有拒收；用到上限的九成后，不再接收新文件，已开始的照常办完",
		.not_en = "nothing was lost or refused so far; from nine tenths of the limit on no new file is taken in, what was begun still "
			"ends",
		.do_zh = "请在 jincai.yaml 的 store: {max: } 中调大上限（磁盘须有余量），然后重新启动",
		.do_en = "raise store: {max: } in jincai.yaml (the disk must have the room), then start again"},
	{.name = "disk", .zh = "磁盘将满", .en = "file system nearly full", .at_once = true, .next = "check",
		.not_zh = "目前没有丢失，也没有拒收；磁盘写满后停止接收和发送，腾出空间后自动继续",
		.not_en = "nothing was lost or refused so far; when it is full nothing more is taken in or sent until there is room",
		.do_zh = "请腾出空间或扩容；已办结的原件可由接入的 keep: 天数 自动清理，不要手工删除",
		.do_en = "make room or add some; keep: DAYS of an adapter deletes originals that are done with; delete none by hand"},
};
const unsigned todo_nkinds = sizeof todo_kinds / sizeof *todo_kinds;
