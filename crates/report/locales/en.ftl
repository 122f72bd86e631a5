# English words of every page. A value `$x` is written as it is, `$x_n` is its bare number and selects the plural.

hosts = { $n_n ->
    [one] { $n } host
   *[other] { $n } hosts
}

## Work orders

order-title = Work order: { $point }
order-plan = plan { $n }
order-simulated = SIMULATED: the case carried this out on a simulated point; nothing was done here, and nothing counts as done before a person has done it
order-names = Accounts may stand here as pseudonyms (account-...), which no command takes. The copy with their names is { $file } of this case.
order-lead = { $n_n ->
    [one] One measure to be carried out by hand at this enforcement point, exactly as written.
   *[other] { $n } measures to be carried out by hand at this enforcement point, in this order, exactly as written.
}
order-where = Where
order-product = Product
order-product-unknown = not named in the estate (key `product` of the enforcement point): the rules are given in plain words
order-written = Written
order-until = How long
order-lease = The plan asks for { $span }. What is set by hand does not lapse by itself: it stays until somebody undoes it.
order-first = First
order-prepare = Read the order to its end. Keep a console or an out-of-band way to the device, so that you cannot lock yourself out.
order-keep-open = What follows must stay open whatever else is done: allow it before anything is blocked.
order-nothing-open = The estate names no management channel that has to stay open here.
order-do = Do
order-wait = wait
order-wait-commander = Begin only when the incident commander has agreed.
order-wait-owner = Begin only when the incident commander and the owner of the service have agreed.
order-how = How
order-check = Check
order-sign = Done at ____ : ____   by ________________   checked: yes / no
order-undo = Undo
order-undo-when = Only when the incident commander says so, last step first.
order-report = Report back
order-report-text = Tell the incident commander what you did and when, what the checks showed, and whatever you did otherwise. Nothing counts as done before that.
order-traffic = The traffic concerned
order-from = From
order-to = To
order-ports = Ports
order-all-ports = all
order-anywhere = anywhere
order-no-address = no address is known: look it up before you begin
order-isolate = Isolate { $host } from everything but management
order-disable = Disable the account { $account }
order-segment = Block all flows from zone { $from } to zone { $to }
order-block = Block the flow { $flow }
order-block-from = Block the flow { $flow } that comes from { $from }
order-block-to = Block the flow { $flow } that goes to { $to }
order-the-product = the product

order-any-block-act = In { $product }, put the rules above at the head of the list, under the name { $name }: first what stays open (allow), then what is stopped (drop, not reject), for both versions of IP.
    Turn on logging for these rules.
    End the sessions between these addresses that live already: a rule that only refuses new ones leaves the attacker connected.
order-any-block-check = Try one of the connections above from its source: it must fail.
    Look at the list of live sessions: none between these addresses may be left.
    Open one of the channels that must stay open: it must work.
order-any-block-undo = Remove the rules named { $name } from { $product }, and nothing else.
order-any-disable-act = Disable the account ({ $accounts }) in { $product }; do not delete it.
    Revoke its sessions, tickets, tokens and keys, and set a new password that nobody keeps.
order-any-disable-check = Try to log on as { $accounts }: it must be refused.
    No session of the account may be left.
order-any-disable-undo = Give the account a new password on a clean host, then enable it again.
order-edr-isolate-act = Open the console of { $product } and find the host { $target }. Compare name and address: hosts with like names exist.
    Make sure that the channels above which must stay open stand in the list of exceptions.
    Choose "Isolate" (also called "Contain host", "Network contain" or "Disconnect from network"); give { $name } as the reason.
order-edr-isolate-check = The console shows the host as isolated; "pending" is not yet isolated.
    From a neighbour, a connection to the host must fail.
order-edr-isolate-undo = In the console, choose "Release from isolation" for { $target }.

order-forti-backup = Save the configuration as it is.
order-forti-make = Make the objects and policies (with VDOMs, enter the right one first with "config vdom").
order-forti-head = Move the new policies to the head of the list in this order (GUI: drag in "By Sequence"; CLI: "move <ID> before <ID>"):
order-forti-sessions = End the sessions that live already.
order-forti-check = The policies are there, enabled and at the head.
order-forti-check-sessions = No session is left that the policies stop.
order-forti-undo = Delete the policies of this name, then the objects of the same name.

order-cisco-backup = Save the configuration as it is.
order-cisco-acl = Find the access list that guards the interface which this traffic enters by; put its name in the place of <ACL>.
order-ios-renumber = Make room at the head of the list.
order-cisco-lines = Put these lines at the head of the access list. Do not write them to the startup configuration before the check.
order-cisco-clear = End the connections that live already.
order-cisco-check = The lines count hits, and no connection is left that they stop.
order-cisco-undo = Take out exactly these lines.

order-win-console = Work at the console of { $target } (or through the hypervisor), as administrator: a remote session may be cut by the next steps.
order-win-backup = Save the firewall's rules, so that they can be put back exactly.
order-win-keep = Allow what must stay open.
order-win-others = Take every other permission away and block by default. Where group policy sets the rules, do the same in the policy, or they come back.
order-win-check = Every profile is enabled and blocks in both directions.
order-win-check-connections = Nothing is connected but the channels that must stay open.
order-win-undo = Put the saved rules back.
order-win-block = On the host that the traffic goes to, in PowerShell as administrator:
order-win-block-sessions = Look for connections that live already, and end the processes that hold them.
order-win-block-check = The rules are there and enforced.
order-win-block-undo = Remove the rules of this name.

order-ad-disable = On a domain controller, in PowerShell as administrator, disable { $accounts }; do not delete the account.
order-ad-password = Set a password that nobody keeps: it ends what was taken of the old one.
order-ad-sync = Carry it to every domain controller now.
order-ad-sessions = End its sessions: on every host it is logged on to, log it off. Kerberos tickets live up to ten hours. Where the directory is joined to a cloud, revoke its tokens there.
order-ad-check = Every domain controller shows Enabled: False.
order-ad-undo = After the account has a new password, set on a clean host:

## Filings

filing-draft = draft
filing-missing = { $n_n ->
    [0] Every field has an answer; a person reads and files it.
    [one] { $n } field must still be written by a person; it is marked.
   *[other] { $n } fields must still be written by a person; they are marked.
}
filing-to = To
filing-channel = How
filing-status = Bears
filing-submitted = Filed
filing-due = Work to
filing-due-outer = Latest arguable
filing-fields = What the form asks, in its order
filing-field = Asked
filing-value = Answer
filing-open = to be written
filing-simulated = SIMULATED: nothing was changed on the real network
filing-met = Criteria met
filing-questions = What decides it
filing-footer = Pre-filled by Bulkhead from the files of this case; the data stand beside it as JSON. A working aid, not legal advice.
status-binding = binds
status-prepare = may bind: prepare, and let counsel decide
status-proposed = proposed, not law yet
channel-portal = by portal
channel-email = by e-mail
channel-post = by post
channel-phone = by telephone
channel-json = by machine-readable message
channel-public = in public

## The report: common

word-service = Service
word-none = none
word-nothing = nothing
word-never = never
word-unknown = unknown
word-when = When
list-and = and
and-more = and { $n } more
more-in-file = { $n_n ->
    [one] { $n } more stands in { $file }.
   *[other] { $n } more stand in { $file }.
}
actions = { $n_n ->
    [one] { $n } action
   *[other] { $n } actions
}
actions-and-more = and more
action-moves = { $n_n ->
    [one] stands in the way of { $n } move
   *[other] stands in the way of { $n } moves
}
moves = { $n_n ->
    [one] { $n } move cut
   *[other] { $n } moves cut
}
steps = { $n_n ->
    [one] { $n } step
   *[other] { $n } steps
}
customers = { $n_n ->
    [one] { $n } customer
   *[other] { $n } customers
}
page-skip = Skip to the engineer's detail
page-incident = incident
page-footer = Computed by Bulkhead from the files of this case. "bulkhead case verify" checks every byte of it against its signed record, offline. Deadlines are a working aid, not legal advice.
page-annex = Annex: what is folded on the page is not printed unless it was unfolded before, and neither are the tables of filings and of stores of data; all of it stands in the files of the case.

## The report: first screen

summary-title = In two minutes
card-holds = { $accounts_n ->
    [one] in the attacker's hands, with { $accounts } account
   *[other] in the attacker's hands, with { $accounts } accounts
}
card-held = { $hosts_n ->
    [one] was in the attacker's hands; accounts: { $accounts }
   *[other] were in the attacker's hands; accounts: { $accounts }
}
card-suspected = { $n } more suspected
card-relapses = { $n_n ->
    [one] the attacker came back once
   *[other] the attacker came back { $n } times
}
card-simulated = (simulated)
card-unknown = unknown
card-drafted = whom our own containment hits: the estate is only a draft
card-overdue = { $n_n ->
    [one] { $n } deadline
   *[other] { $n } deadlines
}
card-overdue-by = { $n_n ->
    [0] as of { $when }; duties to be done at once without a filing on record: { $once }
   *[other] passed as of { $when } without a filing on record; duties to be done at once, unfiled too: { $once }
}
card-radius = { $n_n ->
    [one] { $n } host was then in the attacker's hands or reach
   *[other] { $n } hosts were then in the attacker's hands or reach
}
card-containment-hits = { $customers_n ->
    [one] hit by our own containment; services: { $n }
   *[other] hit by our own containment; services: { $n }
}
card-cost = what plan { $plan } costs over { $hours } h, proven within { $gap }
card-attacker-hits = of services that rest on what the attacker holds
card-restored = from the declaration until the main services were back
card-back = until every service is back, from the start of recovery; nine times in ten within { $late }
card-next = next legal deadline: { $duty }, to { $recipient }
card-score = from the attacker's first act to the declaration; verified containment { $contained } later

## The report: timeline, scope, findings

timeline-title = Timeline
timeline-picture = Timeline, picture
timeline-caption = What happened, in order
timeline-note = Quiet times are compressed. Point at a mark to read it.
timeline-all = { $n_n ->
    [one] { $n } entry
   *[other] All { $n } entries
}
timeline-what = What
timeline-text = Text
timeline-description = { $n } entries in { $lanes } lanes; findings by ATT&CK tactic above, the response below. The table of the timeline has all of them.
scope-title = Scope
scope-caption = Hosts and accounts of the incident; none stands here without a finding or an observation
scope-standing = Standing
scope-who = Who
scope-since = Since
scope-sure = Sure
scope-because = Because
scope-compromised = compromised
scope-suspected = suspected
scope-more-reasons = { $n_n ->
    [one] { $n } more reason
   *[other] { $n } more reasons
}
scope-ended = By its telemetry the incident was over on { $when }: nothing new had come for days. What was done about it is said by its state.
findings-title = Findings
findings-caption = Findings, like ones on one row
findings-unread = Not everything was read; what is not found may be there all the same. Missing or unread:
findings-read = { $sources_n ->
    [one] { $events } events read from { $sources } source, { $malformed } malformed.
   *[other] { $events } events read from { $sources } sources, { $malformed } malformed.
}
findings-belong = { $n_n ->
    [one] { $n } finding belongs to this incident.
   *[other] { $n } findings belong to this incident.
}
findings-clock = Times set right by what the hosts' own Sysmon events say:
findings-clock-fast = { $events_n ->
    [one] the logs of { $host } were { $by } fast; { $events } event placed by that
   *[other] the logs of { $host } were { $by } fast; { $events } events placed by that
}
findings-clock-slow = { $events_n ->
    [one] the logs of { $host } were { $by } slow; { $events } event placed by that
   *[other] the logs of { $host } were { $by } slow; { $events } events placed by that
}
findings-untimed = { $n_n ->
    [one] { $n } event says no time of a calendar: what it tells could not be placed.
   *[other] { $n } events say no time of a calendar: what they tell could not be placed.
}
findings-muted = Findings that counted for nothing because somebody said so:
findings-muted-by = { $n_n ->
    [one] { $by } ({ $why }): { $n } finding on { $hosts }, { $from } to { $until }
   *[other] { $by } ({ $why }): { $n } findings on { $hosts }, { $from } to { $until }
}
findings-muted-rules = Rules
findings-muted-rule = { $n_n ->
    [one] { $rule } ({ $id }) once
   *[other] { $rule } ({ $id }) { $n } times
}
findings-basis-prior = What the judgement rests on: what the product assumes of any host. The hosts were watched for { $span } on average (less what is forgotten), which is less than a day.
findings-basis-learned = What the judgement rests on: what was learned to be usual on these hosts, watched for { $span } on average (less what is forgotten).
findings-basis-alone = No baseline of earlier runs stands behind it.
findings-basis-new = The baseline { $file } was new.
findings-basis-baseline = The baseline { $file } of earlier runs had watched for { $span } on average.
findings-all = All findings
findings-times = Times
findings-until = until { $when }
findings-level = Level
findings-rule = Rule
findings-host = Host
findings-account = Account
findings-event = First event

## The report: containment and proof

containment-title = Containment
impact-attacker = Services that rest on what the attacker holds
impact-predicted = Services our containment hits, as predicted
impact-observed = Services that containment hit at any time of the case, as read back
impact-state = State
impact-customers = Customers
impact-unknown = unknown: the estate is only a draft
impact-per-hour = { $currency } per hour
plan-none = No containment plan was made.
plan-not-done = Left undone
plan-in-doubt = may be hit by it
cost-caption = The plan next to what one would otherwise do, over { $hours } hours, in { $currency }
cost-plan = Plan
cost-services-lost = Services lost
cost-exposed = Still exposed
cost-footholds = Footholds kept
cost-operating = Operating
cost-total = Total
cost-services-hit = Services hit
cost-note = Note
terminal-english = the terminal speaks English whatever the language of the report; report.html, filings and work orders are in the language asked for
cost-this = this plan
cost-proven = proven within { $gap }
cost-infeasible = breaks a hard rule
actions-caption = Actions of plan generation { $generation }
actions-action = Action
actions-at = At
actions-lapses = Lapses after
actions-cuts = Cuts
actions-breaks = Breaks
actions-from = from
actions-to = to
proof-title = Proof
proof-none = No certificate: nothing was enforced.
proof-holds = holds
proof-broken = does not hold
proof-not-contained = not contained
proof-moves = { $n_n ->
    [one] { $n } move cut, with the rule that cuts it
   *[other] { $n } moves cut, with the rule that cuts each
}
proof-moves-caption = Every move out of the attacker's reach
proof-means = By means of
proof-by = Cut by
graph-title = Attack graph with the cut
graph-reach = Within the attacker's reach
graph-cut-by = Cut by
graph-kept = Kept out of reach
graph-legend-from = moves that the attacker could make
graph-legend-to = to where they would lead
graph-legend-rule = the rule that cuts them
graph-description = Within the attacker's reach: { $reached } assets; moves out of them that are cut: { $cut }; protected assets kept out of reach: { $protected }. { $rules }. The certificate lists every one.

## The report: recovery

recovery-title = Recovery
recovery-none = No recovery plan was made.
recovery-picture = Recovery plan
recovery-lost = Value lost until everything is back, at median durations: { $money }, proven within { $gap }.
recovery-services = When services are back, from the start of recovery
recovery-median = Median
recovery-nine = Nine in ten
recovery-risk = Risk of missing MTPD
recovery-stages = { $n_n ->
    [one] { $n } stage with its gate
   *[other] { $n } stages with their gates
}
recovery-stage = Stage { $number }: { $title }
recovery-steps = { $n_n ->
    [one] { $n } step.
   *[other] { $n } steps.
}
recovery-gate = The gate is opened by the role { $role }, after { $span } of surveillance without a new finding:
gantt-description = { $n_n ->
    [one] { $n } stage; the last step ends { $span } after the start of recovery at median durations
   *[other] { $n } stages; the last step ends { $span } after the start of recovery at median durations
}
gantt-row = { $label }: { $from } to { $to }, at worst { $late }
gantt-watch = surveillance after stage { $stage }: { $span }
gantt-watched = watched { $span }
gantt-gate = gate { $stage }
gantt-gate-long = gate after stage { $stage }: { $checks }; surveillance { $span }

## The report: law

clocks-title = Legal clocks
clocks-note = Work to the earliest deadline; the latest that can be argued is for counsel to decide. Times are those of { $zone }.
clocks-none = No duty is known to bind this operator by its legal profile.
clocks-binding = Duties that bind this operator, from the one awareness instant
clocks-prepare = Duties that may bind, from the one awareness instant
clocks-proposed = Duties proposed, from the one awareness instant
clocks-prepare-count = { $n_n ->
    [one] { $n } duty that may bind: prepare, and let counsel decide
   *[other] { $n } duties that may bind: prepare, and let counsel decide
}
clocks-proposed-count = { $n_n ->
    [one] { $n } duty proposed, not law yet
   *[other] { $n } duties proposed, not law yet
}
clocks-earliest = Earliest
clocks-latest = Latest arguable
clocks-duty = Duty
clocks-to = To
clocks-filed = filed { $when }
clocks-not-law = not law
clocks-at-once = at once
clocks-runs-from = runs from { $anchor }
clocks-facts-missing = runs while facts are missing
clocks-rule = Rule and sources
filings-title = Filings and work orders
filings-caption = What is to be filed, pre-filled from this case; each is a page and data
filings-what = Filing
filings-due = Work to
filings-open = To be written
filings-pages = Pages
filings-fields = { $n_n ->
    [one] { $n } field
   *[other] { $n } fields
}
orders-title = Work orders for people

## The report: theft of data

theft-title = Exfiltration
theft-none-seen = none seen in the { $share } of the time that telemetry covers
theft-not-assessable = not assessable
theft-indications = indications
theft-evidenced = evidenced
theft-note = As of { $when }; stores within the attacker's reach: { $stores }; telemetry covers { $share } of their time, over logons, processes, files, egress and DNS; without any record of what left them: { $blind }. Re-evaluated when facts change and before closing.
holes-count = { $n_n ->
    [one] { $n } stretch without any record of a store
   *[other] { $n } stretches without any record of a store
}
holes-caption = What telemetry does not cover
holes-sensor = Sensor
holes-from = From
holes-to = To
theft-caption = Stores of data within the attacker's reach
theft-store = Store
theft-data = Data
theft-conclusion = Conclusion
theft-covered = Covered
theft-rests-on = Rests on

## Names of closed lists

state-up = up
state-degraded = degraded
state-down = down
standing-source = in the attacker's hands
standing-reached = still within reach
standing-beyond = cut off from the attacker
standing-protected = must never be reached
action-block-flow = block flow
action-segment = segment
action-isolate = isolate
action-disable-identity = disable identity
baseline-isolate-all = isolate every compromised host
baseline-shut-zones = shut their zones
level-informational = informational
level-low = low
level-medium = medium
level-high = high
level-critical = critical
alternative-silent = cheapest without footholds
kind-incident = incident
kind-evidence = evidence
kind-finding = finding
kind-impact = impact
kind-plan = plan
kind-approval = approval
kind-enforcement = enforcement
kind-verification = verification
kind-recovery = recovery
kind-surveillance = surveillance
kind-clock = clock
kind-filing = filing
kind-exfiltration = theft of data
tactic-reconnaissance = reconnaissance
tactic-resource-development = resource development
tactic-initial-access = initial access
tactic-execution = execution
tactic-persistence = persistence
tactic-privilege-escalation = privilege escalation
tactic-defense-evasion = defense evasion
tactic-credential-access = credential access
tactic-discovery = discovery
tactic-lateral-movement = lateral movement
tactic-collection = collection
tactic-command-and-control = command and control
tactic-exfiltration = exfiltration
tactic-impact = impact
tactic-other = other
stage-early-warning = early warning
stage-notification = notification
stage-intermediate = intermediate report
stage-final = final report
stage-initial = initial report
stage-subjects = to the persons concerned
state-untrusted = not trusted
alternative-least-impact = least impact
alternative-balanced = balanced
alternative-most-assurance = most assurance
anchor-submission = filing: { $stage }
anchor-awareness = awareness
anchor-detection = detection
anchor-classification = classification as major
anchor-incident = the incident
anchor-determination = determination
anchor-measure-available = a measure becoming available
anchor-handling-end = the end of the handling
stage-anssi = ANSSI
stage-interior = Interior
stage-report = report
stage-subscribers = subscribers
stage-alert = alert
stage-declaration = declaration
stage-communication = communication
stage-disclosure = disclosure
stage-complaint = complaint
stage-second = second notification
stage-recipients = recipients
stage-clients = clients
stage-users = users
stage-amendment = amendment
stage-agencies = agencies
stage-customers = customers
stage-incident = incident
stage-ransom = ransom
stage-progress = progress report
stage-detailed = detailed report
stage-form-8k = form
clocks-open = Runs while none of these is established or excluded
filing-runs = Not decided: its clock runs as if it bound the operator, until it is established or excluded that
filing-may-run = Not decided: prepare it and let counsel decide, once it is established or excluded that
filing-open-first = Whether it has to be filed at all is not decided: a person decides that first.
recovery-rto = RTO
recovery-mtpd = MTPD
theft-unknown = cannot be assessed: no store of data within the attacker's reach is known

## What the record says in English: by these messages it is known again, and told in another language.
## `respond --why`

why-unseen = { $id }: nothing that was read tells of it, so that nothing can be said of it
why-nothing = { $id }: nothing was found that speaks of it
why-muted-alone = { $id }: nothing was found that speaks of it, but for what counts for nothing:
why-points = { $id }: { $points } { $n_n ->
   *[other] points
} at most, { $when }: { $means }. From { $suspected } points on a host or account of an incident is suspected, from { $compromised } held compromised; { $declares } on one host declare an incident
why-not-named = too few to be named in any incident
why-suspected = enough to be suspected in an incident
why-compromised = enough to be held compromised in an incident
why-usual-hours = usual there once in { $hours } h
why-usual-days = usual there once in { $n } days
why-usual-never = usual there once in more than a year (never, as far as is known)
why-rule = rule { $rule }
why-more = and { $n_n ->
    [one] { $n } reason
   *[other] { $n } reasons
} less weighty
why-muted = MUTED by { $row }

## Holes by name: any, host, list, told (known again itself), maybe (if it is), count, number, span, word, level. The first that fits counts.

said-source-text = { $maybe } (read in the text, { $any })
said-source-second = { $maybe } (read in a secondary source, { $any })
said-source-memory = { $maybe } (from memory, to be confirmed, { $any })
said-act-fields = { $maybe }, Annex I, a selection of its { $count } fields; numbers as in the JSON schema of the report, { $any }
said-simulated-hand = { $told } (simulated: nobody has worked this point by hand)
said-simulated = { $told } (simulated)
said-except = { $told }, except { $list }
said-then = { $told }; then, on { $any }: { $told_b }
said-after = { $told }, after { $told_b }
said-burst = { $told }, one of { $count } rare rules within an hour
said-beside = { $told }, rare here, within the hour of alerts on { $any }
said-onward = { $told }, going on from here
said-suspicion = { $told }, from a host and with an account under suspicion
said-traced = { $told }, in one process tree or session with: { $any }
said-made-by = account { $any } made by { $any_b } on { $any_c }, under suspicion by then
said-made = account { $any } made on { $any_b }, under suspicion by then
said-on-host = { $host }: { $told }
said-fired-times-by = { $any } ({ $level }), { $count } times, by { $list }
said-fired-times = { $any } ({ $level }), { $count } times
said-fired-by = { $any } ({ $level }), by { $list }
said-came = { $any } came from { $any_b } onto { $any_c } ({ $maybe })
said-spoke = { $any } spoke to { $any_b } ({ $maybe })
said-logon = logon { $maybe }
said-flow = flow tcp/{ $count }
said-flow-seen = flow to { $any }, { $count } times, not seen before
said-no-sensor = no sensor recorded what left it
said-unknown-places = flows to unknown places inside, private addresses that the estate does not know: { $any }; what left from there is not known
said-kept = { $any } kept, SHA-256 { $any_b }
said-declared-title = declared: { $maybe }
said-grew = scope grew: { $list } compromised
said-relapse = RELAPSE: { $list } ({ $maybe })
said-state-change = { $told } -> { $told_b }
said-accepted = { $told }: accepted by { $maybe }
said-stays = { $any } stays within reach
said-foothold-unknown = { $any } keeps a foothold (its ways out are unknown)
said-foothold-way = { $any } keeps a foothold (way out: { $any_b })
said-foothold-account = { $any } keeps a foothold (not disabled)
said-closed-why = closed: { $maybe }
said-removed = footholds removed from { $list }: { $maybe }
said-plan-parts = { $told }; { $list }
said-plan = containment plan { $count }: { $count_b } { $word }, { $any } over { $any_b } h, gap { $number } %
said-part-at-once = part { $count } ({ $count_b } { $word }) at once
said-part-waits = part { $count } ({ $count_b } { $word }) waits for { $list }
said-plan-impossible = no containment plan is possible: { $maybe }
said-replan = another plan asked for: { $maybe }
said-asked = { $told } asked of { $list }: { $maybe }
said-approved-yes = { $told } (--yes)
said-approved-accept = { $told } (--accept)
said-approved-policy = { $told } (policy asks for nobody's word)
said-approved = { $told } approved by { $maybe }
said-refused = { $told } REFUSED by { $maybe }: { $maybe_b }
said-took = { $any } took generation { $count }, in effect { $maybe }
said-within = within { $span }
said-failed = { $any } failed (try { $count }): { $maybe }
said-given-up = { $any } given up: { $maybe }
said-tries = given up after { $count } tries: { $maybe }
said-read-back = { $any } read back: holds generation { $count } as asked
said-proof = proof of generation { $count } holds: { $count_b } { $word } out of { $count_c } { $word_b } cut, none of { $count_d } protected { $word_c } reachable
said-proof-part = proof of generation { $count } holds for what the plan cuts: { $count_b } { $word } out of { $count_c } { $word_b } cut, none of { $count_d } protected { $word_c } reachable
said-stay-open = { $told }; the paths to { $list } stay open
said-keep = { $told }; { $list } keep a foothold
said-keeps = { $told }; { $any } keeps a foothold
said-proof-not = proof of generation { $count } does NOT hold: { $any }
said-lease = { $any }: the lease has run out
said-recovery-plan = recovery plan { $count }: { $count_b } { $word }, { $count_c } { $word_b }
said-step-done = step { $any } done
said-step-failed = step { $any } failed: { $maybe }
said-restored = stage { $count } restored: { $list }
said-watched = { $told } is watched for { $span }
said-nothing-seen = { $told }: no finding came in during the watch
said-gate-opened = gate of stage { $count } opened
said-clocks = { $count } binding legal { $word } computed
said-filed = { $any } { $any_b } filed
said-subject-part = containment plan { $count }, part { $count_b }
said-subject-plan = containment plan { $count }
said-subject-recovery = recovery plan { $count }
said-subject-gate = gate of stage { $count }
said-subject-stage = stage { $count }
said-subject-all = everything
said-subject-close = closing
said-why-lifts = it lifts what was done
said-why-known = what it does is approved already or breaks no service
said-why-free = it breaks no service
said-why-free-asked = it breaks no service; every plan is asked for
said-why-acts = it acts on the estate
said-why-breaks = it takes services down or degrades them
said-why-next = the next stage may begin
said-why-over = the incident is over
said-why-use = it puts services back into use
said-why-restored = everything is restored and nothing was seen during surveillance
said-why-cleaned = sessions ended, implants and persistence removed, secrets rotated
said-why-certificate = the certificate of plan { $count } does not hold
said-why-lost = the plan relies on { $any }, which does not answer
said-why-other-rules = it holds rules of another plan
said-why-not-rules = it does not hold the rules it was given
said-why-not-disabled = it has not disabled the identities it was told to
said-why-lease = it holds the rules under another lease
said-cut-unknown = { $any } -> outside (way out unknown)
said-cut-way = { $any } -> { $any_b } ({ $any_c }: way out)
said-cut = { $any } -> { $any_b } ({ $maybe })
said-ports = { $any } and { $count } more ports
said-left-footholds = { $count } entities keep a foothold: { $list }
said-left-foothold = { $count } entity keeps a foothold: { $list }
said-left-way-unknown = { $any } (way out unknown)
said-left-through = { $any } (through { $any_b })
said-left-by = { $any } (by { $any_b })
said-left-cost = cutting it off costs more than its value, or no available point can
said-left-ways = ways out were not told apart
said-left-ways-why = no declared flow touches an external zone: whatever is compromised and not isolated is held to talk to the outside
said-left-seen = { $count } { $word } taken as open: { $list }
said-left-seen-why = seen in telemetry, not declared in the estate
said-left-loss = what services lose is unknown
said-left-loss-why = the estate is only a draft: what was not seen is taken as open, and nobody has said which services there are
said-left-reach = { $count } { $word } within the attacker's reach: { $list }
said-left-reach-verb = { $count } { $word } { $word_b } within the attacker's reach: { $list }
said-left-reach-why = keeping the attacker out costs more than their value, or no available point can
said-left-strict = { $count } more { $word } would stay reachable under `strict`: { $list }
said-left-strict-why = the plan is proved for `{ $any }`: flows on other ports stay open
said-left-shared = { $any } was not kept apart from { $any_b }, which is blocked
said-left-shared-why = both use the same ports between the same assets: packets of one cannot be told from those of the other
said-left-parted = { $any } and { $any_b } stay open through different hosts only
said-left-parted-why = no host that one leads to and the other comes from keeps both: whoever goes through it is cut off
said-left-point = nothing was planned at { $any }
said-left-point-why = it does not answer
said-left-doubt = { $any } was not treated as compromised
said-left-doubt-why = its confidence { $number } is below { $number_b }
said-left-gap = a plan cheaper by up to { $number } % was not ruled out
said-left-gap-why = the search stopped at its work limit
said-stage-hosts = { $count } { $word } that no service waits for
said-stage-done = Done before planning anew
said-check-steps = every step succeeded and was verified on { $list }
said-check-probe = probe: service { $any } answers
said-check-lifted = containment action { $any } lifted, and verified as lifted
said-check-host = no new finding on this host for { $span }
said-check-hosts = no new finding on these hosts for { $span }
said-check-relapsed = relapsed hosts isolated again, and verified as isolated
said-note-anew = Planned anew { $span } into recovery: { $count } { $word } kept as done.
said-note-relapse = Relapse { $span } into recovery: { $list } to be brought back again, { $count } { $word } kept as done.
said-note-never = Service `{ $any }` does not come back with these assets: something else it needs is missing.
said-note-no-members = Crew `{ $any }` has no members: one is assumed.
said-note-no-crew = Crew `{ $any }` is not declared: one member is assumed.
said-note-no-procedure = No procedure covers `{ $any }`: { $any_b } by crew `{ $any_c }` are assumed.
said-law-binding = The legal profile makes it binding.
said-law-lapsed = Not law since { $any }.
said-law-replaced = Replaced by the transposition of { $any } (legal profile).
said-law-repealed = Repealed.
said-law-proposal = A proposal, not law: nothing is computed from it.
said-law-from = Applies only from { $any }.
said-law-profile = The legal profile does not make it binding: add the kind of entity if counsel holds it to be.
said-law-transposition = National transposition of { $any } is pending: add it to `legal_profile.transposed` once counsel holds it to be in force.
said-law-unconfirmed = Its state as law could not be confirmed: counsel must check.
said-law-zone = `{ $any }` is not a known time zone: deadlines are computed in UTC
said-law-cap = `{ $any }` is open: the limit from the cap's own anchor runs
said-law-calendar = No holiday calendar `{ $any }`: only weekends count as days off
said-law-began = When the incident began is unknown: its detection stands in
said-law-contested = The period holds fewer than { $count } whole working days: whether Reg. { $any } extends a period expressed in hours is contested (Bavarian DPA, June { $any_b }: no); counsel decides
said-outer-hours = whole hours, that of the event not counted (Reg. { $any })
said-outer-noon = weekend or bank holiday: noon of the next working day (Del. Reg. (EU) { $any })
said-outer-day = to the end of the last day
said-outer-next = next working day (Reg. { $any })
said-outer-national = next working day (national rule, to be confirmed)
said-outer-least = at least { $count } working days (Reg. { $any })
said-act-upheld = { $any }, upheld by the { $any_b } on { $any_c }
said-act-slipped = { $any }, final rule slipped to { $any_b }, then delayed; later state not found
said-act-deleted = { $maybe }, deleted by { $maybe_b } art. { $any }
said-act-applies = { $maybe } (applies from { $any })
said-act-consolidated = { $maybe } (consolidated { $any }), { $any_b }
said-act-bill = { $any }, Commons report stage, { $any_b }; not found enacted
said-act-hour = { $any }, hour of filing
said-act-range = Code de la défense, { $any } to { $any_b }
said-act-implementing = Implementing Regulation (EU) { $any }
said-act-delegated = Delegated Regulation (EU) { $any }
said-act-regulation = Regulation (EU) { $any }
said-act-directive = Directive (EU) { $any }
said-act-guidelines = EDPB Guidelines { $any }, awareness: reasonable degree of certainty
said-more-moves = and more moves of the same kinds
said-fired = { $any } ({ $level })
said-title = { $told }: { $any }
said-with-account = { $told } with account { $list }
said-with-accounts = { $told } with accounts { $list }
said-lateral-to = Lateral movement from { $list } to { $list_b }
said-lateral-towards = Lateral movement from { $list } towards { $list_b }
said-lateral-across = Lateral movement across { $list }
said-intrusion-on = Intrusion on { $list }
said-intrusion = Intrusion
said-muted-maintenance = maintenance { $any }
said-muted-scanner = scanner { $any }
said-muted-dismissal = dismissal
said-contact = { $told } ({ $any })
said-w-declared = declared
said-w-contained = contained
said-w-eradicated = eradicated
said-w-recovering = recovering
said-w-monitoring = monitoring
said-w-closed = closed
said-w-incident-commander = incident_commander
said-w-service-owner = service_owner
said-w-policy = policy
said-w-ciso = ciso
said-w-deputy-commander = deputy_commander
said-w-business = business
said-w-consumer = consumer
said-w-wholesale = wholesale
said-w-internal = internal
said-w-public = public
said-w-retail = retail
said-w-partner = partner
said-w-customer = customer
said-w-billing = billing
said-w-traffic = traffic
said-w-payment = payment
said-w-credentials = credentials
said-w-subscriber = subscriber
said-w-customer-network = customer_network
said-w-cdr = cdr
said-w-employee = employee
said-w-health = health
said-w-location = location
said-w-personal = personal
said-w-backup = backup
said-w-configuration = configuration
said-w-evidence = evidence
said-w-financial = financial
said-w-logs = logs
said-w-network = network
said-w-operational = operational
said-w-source-code = source_code
said-w-trade-secrets = trade_secrets
said-w-logon = logon
said-w-process = process
said-w-file = file
said-w-egress = egress
said-w-dns = dns
said-w-remote = remote
said-w-interactive = interactive
said-w-service = service
said-w-batch = batch
said-w-unlock = unlock
said-w-low = low
said-w-medium = medium
said-w-high = high
said-w-critical = critical
said-w-informational = informational
said-w-at-once = at once
said-w-outside = outside
said-w-on-call-incident-commander = On-call incident commander
said-w-deputy-by-name = Deputy commander
said-w-a-move-not-named = a move not named
said-w-chief-information-security-officer = Chief information security officer
said-w-network-duty-engineer = Network duty engineer
said-w-data-protection-officer = Data protection officer
said-w-general-counsel = General counsel
said-w-press-office = Press office
said-w-duty-manager-of-services = Duty manager of services
said-w-liaison-with-national-authorities = Liaison with national authorities
said-w-cyber-insurance-claims = Cyber insurance claims
said-w-on-call-commander = On-call commander
said-w-remote-interactive = remote_interactive
said-w-explicit = explicit
said-w-dpo = dpo
said-w-communications = communications
said-w-legal = legal
