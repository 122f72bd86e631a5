# Les mots français de toutes les pages. Une valeur `$x` est écrite telle quelle, `$x_n` est son nombre nu et choisit le pluriel.

hosts = { $n_n ->
    [one] { $n } machine
   *[other] { $n } machines
}

## Ordres de travail

order-title = Ordre de travail : { $point }
order-plan = plan { $n }
order-simulated = SIMULÉ : le dossier a exécuté ceci sur un point simulé ; rien n'a été fait ici, et rien ne compte comme fait tant qu'une personne ne l'a pas fait
order-names = Les comptes peuvent figurer ici sous pseudonyme (account-...), qu'aucune commande n'accepte. La copie avec leurs noms est { $file } de ce dossier.
order-lead = { $n_n ->
    [one] Une mesure à exécuter à la main à ce point d'application, exactement comme elle est écrite.
   *[other] { $n } mesures à exécuter à la main à ce point d'application, dans cet ordre, exactement comme elles sont écrites.
}
order-where = Où
order-product = Produit
order-product-unknown = non nommé dans le modèle du parc (clé `product` du point d'application) : les règles sont données en toutes lettres
order-written = Rédigé
order-until = Durée
order-lease = Le plan demande { $span }. Ce qui est posé à la main ne s'éteint pas de lui-même : cela reste jusqu'à ce que quelqu'un le défasse.
order-first = D'abord
order-prepare = Lisez l'ordre jusqu'au bout. Gardez une console ou un accès hors bande à l'équipement, pour ne pas vous enfermer dehors.
order-keep-open = Ce qui suit doit rester ouvert quoi qu'il arrive : autorisez-le avant de bloquer quoi que ce soit.
order-nothing-open = Le modèle du parc ne nomme aucun canal d'administration à garder ouvert ici.
order-do = Faire
order-wait = attendre
order-wait-commander = Ne commencez qu'avec l'accord du commandant de l'incident.
order-wait-owner = Ne commencez qu'avec l'accord du commandant de l'incident et du responsable du service.
order-how = Comment
order-check = Vérifier
order-sign = Fait à ____ h ____   par ________________   vérifié : oui / non
order-undo = Défaire
order-undo-when = Seulement quand le commandant de l'incident le demande, la dernière étape en premier.
order-report = Rendre compte
order-report-text = Dites au commandant de l'incident ce que vous avez fait et quand, ce que les vérifications ont montré, et tout ce que vous avez fait autrement. Rien ne compte comme fait avant cela.
order-traffic = Le trafic concerné
order-from = De
order-to = Vers
order-ports = Ports
order-all-ports = tous
order-anywhere = partout
order-no-address = aucune adresse connue : cherchez-la avant de commencer
order-isolate = Isoler { $host } de tout sauf l'administration
order-disable = Désactiver le compte { $account }
order-segment = Bloquer tous les flux de la zone { $from } vers la zone { $to }
order-block = Bloquer le flux { $flow }
order-block-from = Bloquer le flux { $flow } venant de { $from }
order-block-to = Bloquer le flux { $flow } allant vers { $to }
order-the-product = le produit

order-any-block-act = Dans { $product }, placez les règles ci-dessus en tête de liste, sous le nom { $name } : d'abord ce qui reste ouvert (autoriser), puis ce qui est coupé (jeter, ne pas rejeter), dans les deux versions d'IP.
    Activez la journalisation de ces règles.
    Coupez les sessions déjà établies entre ces adresses : une règle qui ne refuse que les nouvelles laisse l'attaquant connecté.
order-any-block-check = Tentez une des connexions ci-dessus depuis sa source : elle doit échouer.
    Regardez la liste des sessions établies : aucune ne doit rester entre ces adresses.
    Ouvrez un des canaux qui doivent rester ouverts : il doit fonctionner.
order-any-block-undo = Dans { $product }, retirez les règles nommées { $name }, et rien d'autre.
order-any-disable-act = Désactivez le compte ({ $accounts }) dans { $product } ; ne le supprimez pas.
    Révoquez ses sessions, tickets, jetons et clés, et posez un nouveau mot de passe que personne ne garde.
order-any-disable-check = Tentez d'ouvrir une session comme { $accounts } : elle doit être refusée.
    Aucune session du compte ne doit rester.
order-any-disable-undo = Donnez au compte un nouveau mot de passe depuis une machine saine, puis réactivez-le.
order-edr-isolate-act = Ouvrez la console ({ $product }) et trouvez la machine { $target }. Comparez nom et adresse : des machines ont des noms voisins.
    Assurez-vous que les canaux ci-dessus, qui doivent rester ouverts, figurent dans la liste d'exceptions.
    Choisissez « Isoler » (aussi « Contain host », « Network contain » ou « Disconnect from network ») ; donnez { $name } comme motif.
order-edr-isolate-check = La console montre la machine comme isolée ; « en attente » n'est pas encore isolée.
    Depuis une machine voisine, une connexion vers elle doit échouer.
order-edr-isolate-undo = Dans la console, choisissez « Lever l'isolement » pour { $target }.

order-forti-backup = Sauvegardez la configuration telle qu'elle est.
order-forti-make = Créez les objets et les règles (avec des VDOM, entrez d'abord dans le bon par « config vdom »).
order-forti-head = Placez les nouvelles règles en tête de liste dans cet ordre (interface : glisser dans « By Sequence » ; ligne de commande : « move <ID> before <ID> ») :
order-forti-sessions = Coupez les sessions déjà établies.
order-forti-check = Les règles sont là, actives et en tête.
order-forti-check-sessions = Il ne reste aucune session que les règles coupent.
order-forti-undo = Supprimez les règles de ce nom, puis les objets du même nom.

order-cisco-backup = Sauvegardez la configuration telle qu'elle est.
order-cisco-acl = Trouvez la liste d'accès de l'interface par laquelle ce trafic entre ; mettez son nom à la place de <ACL>.
order-ios-renumber = Faites de la place en tête de liste.
order-cisco-lines = Placez ces lignes en tête de la liste d'accès. Ne les écrivez pas dans la configuration de démarrage avant la vérification.
order-cisco-clear = Coupez les connexions déjà établies.
order-cisco-check = Les lignes comptent des passages, et il ne reste aucune connexion qu'elles coupent.
order-cisco-undo = Retirez exactement ces lignes.

order-win-console = Travaillez à la console de { $target } (ou par l'hyperviseur), en administrateur : une session distante peut être coupée par les étapes suivantes.
order-win-backup = Sauvegardez les règles du pare-feu, pour pouvoir les remettre exactement.
order-win-keep = Autorisez ce qui doit rester ouvert.
order-win-others = Retirez toute autre autorisation et bloquez par défaut. Là où une stratégie de groupe pose les règles, faites de même dans la stratégie, sinon elles reviennent.
order-win-check = Chaque profil est actif et bloque dans les deux sens.
order-win-check-connections = Rien n'est connecté, sauf les canaux qui doivent rester ouverts.
order-win-undo = Remettez les règles sauvegardées.
order-win-block = Sur la machine vers laquelle va le trafic, dans PowerShell en administrateur :
order-win-block-sessions = Cherchez les connexions déjà établies et arrêtez les processus qui les tiennent.
order-win-block-check = Les règles sont là et appliquées.
order-win-block-undo = Retirez les règles de ce nom.

order-ad-disable = Sur un contrôleur de domaine, dans PowerShell en administrateur, désactivez { $accounts } ; ne supprimez pas le compte.
order-ad-password = Posez un mot de passe que personne ne garde : cela met fin à ce qui a été pris de l'ancien.
order-ad-sync = Portez-le tout de suite à chaque contrôleur de domaine.
order-ad-sessions = Mettez fin à ses sessions : sur chaque machine où il est ouvert, fermez sa session. Les tickets Kerberos vivent jusqu'à dix heures. Là où l'annuaire est joint à un nuage, révoquez-y ses jetons.
order-ad-check = Chaque contrôleur de domaine montre Enabled : False.
order-ad-undo = Une fois que le compte a un nouveau mot de passe, posé depuis une machine saine :

## Déclarations

filing-draft = projet
filing-missing = { $n_n ->
    [0] Chaque champ a une réponse ; une personne relit et dépose.
    [one] { $n } champ reste à écrire par une personne ; il est marqué.
   *[other] { $n } champs restent à écrire par une personne ; ils sont marqués.
}
filing-to = À
filing-channel = Comment
filing-status = Portée
filing-submitted = Déposé
filing-due = Échéance de travail
filing-due-outer = Dernière échéance défendable
filing-fields = Ce que demande le formulaire, dans son ordre
filing-field = Demandé
filing-value = Réponse
filing-open = à écrire
filing-simulated = SIMULÉ : rien n'a été modifié sur le réseau réel
filing-met = Critères remplis
filing-questions = Ce qui tranche
filing-footer = Prérempli par Bulkhead à partir des fichiers de ce dossier ; les données sont à côté en JSON. Une aide au travail, pas un conseil juridique.
status-binding = lie l'opérateur
status-prepare = peut lier : préparer, et laisser le conseil décider
status-proposed = proposé, pas encore en vigueur
channel-portal = par portail
channel-email = par courriel
channel-post = par courrier
channel-phone = par téléphone
channel-json = par message lisible par machine
channel-public = publiquement

## Le rapport : commun

word-service = Service
word-none = aucun
word-nothing = rien
word-never = jamais
word-unknown = inconnu
word-when = Quand
list-and = et
and-more = { $n_n ->
    [one] et { $n } autre
   *[other] et { $n } autres
}
more-in-file = { $n_n ->
    [one] { $n } autre se trouve dans { $file }.
   *[other] { $n } autres se trouvent dans { $file }.
}
actions = { $n_n ->
    [one] { $n } action
   *[other] { $n } actions
}
actions-and-more = et plus
action-moves = { $n_n ->
    [one] fait obstacle à { $n } déplacement
   *[other] fait obstacle à { $n } déplacements
}
moves = { $n_n ->
    [one] { $n } déplacement coupé
   *[other] { $n } déplacements coupés
}
steps = { $n_n ->
    [one] { $n } opération
   *[other] { $n } opérations
}
customers = { $n_n ->
    [one] { $n } client
   *[other] { $n } clients
}
page-skip = Aller au détail pour l'ingénieur
page-incident = incident
page-footer = Calculé par Bulkhead à partir des fichiers de ce dossier. « bulkhead case verify » en vérifie chaque octet contre son registre signé, hors ligne. Les échéances sont une aide au travail, pas un conseil juridique.
page-annex = Annexe : ce qui est replié sur la page n'est imprimé que si on l'a déplié avant, et les tableaux des déclarations et des gisements ne le sont pas ; tout se trouve dans les fichiers du dossier.

## Le rapport : premier écran

summary-title = En deux minutes
card-holds = { $accounts_n ->
    [one] aux mains de l'attaquant, avec { $accounts } compte
   *[other] aux mains de l'attaquant, avec { $accounts } comptes
}
card-held = { $hosts_n ->
    [one] tenue un temps par l'attaquant ; comptes : { $accounts }
   *[other] tenues un temps par l'attaquant ; comptes : { $accounts }
}
card-suspected = { $n_n ->
    [one] { $n } autre soupçonné
   *[other] { $n } autres soupçonnés
}
card-relapses = { $n_n ->
    [one] l'attaquant est revenu { $n } fois
   *[other] l'attaquant est revenu { $n } fois
}
card-simulated = (simulation)
card-unknown = inconnu
card-drafted = qui est touché par notre propre isolement : le référentiel n'est qu'une ébauche
card-overdue = { $n_n ->
    [one] { $n } échéance
   *[other] { $n } échéances
}
card-overdue-by = { $n_n ->
    [0] au { $when } ; obligations à remplir sans délai, sans déclaration enregistrée : { $once }
    [one] passée au { $when } sans déclaration enregistrée ; obligations à remplir sans délai, non déclarées non plus : { $once }
   *[other] passées au { $when } sans déclaration enregistrée ; obligations à remplir sans délai, non déclarées non plus : { $once }
}
card-radius = { $n_n ->
    [one] { $n } machine était alors aux mains ou à portée de l'attaquant
   *[other] { $n } machines étaient alors aux mains ou à portée de l'attaquant
}
card-containment-hits = { $customers_n ->
    [one] touché par notre propre isolement ; services : { $n }
   *[other] touchés par notre propre isolement ; services : { $n }
}
card-cost = le coût du plan { $plan } sur { $hours } h, prouvé à { $gap } près
card-attacker-hits = de services qui reposent sur ce que tient l'attaquant
card-restored = de la déclaration au retour des services principaux
card-back = jusqu'au retour de tous les services, depuis le début de la reprise ; neuf fois sur dix en { $late }
card-next = prochaine échéance légale : { $duty }, à { $recipient }
card-score = du premier acte de l'attaquant à la déclaration ; endiguement vérifié { $contained } plus tard

## Le rapport : chronologie, périmètre, constats

timeline-title = Chronologie
timeline-picture = Chronologie, image
timeline-caption = Ce qui s'est passé, dans l'ordre
timeline-note = Les temps calmes sont resserrés. Pointez une marque pour la lire.
timeline-all = { $n_n ->
    [one] { $n } entrée
   *[other] Les { $n } entrées
}
timeline-what = Quoi
timeline-text = Texte
timeline-description = { $n } entrées sur { $lanes } lignes ; constats par tactique ATT&CK en haut, réponse en bas. Le tableau de la chronologie les contient toutes.
scope-title = Périmètre
scope-caption = Machines et comptes de l'incident ; aucun n'est ici sans un constat ou une observation
scope-standing = État
scope-who = Qui
scope-since = Depuis
scope-sure = Sûr à
scope-because = Parce que
scope-compromised = compromis
scope-suspected = soupçonné
scope-more-reasons = { $n_n ->
    [one] { $n } autre raison
   *[other] { $n } autres raisons
}
scope-ended = D'après sa télémétrie, l'incident était terminé le { $when } : rien de nouveau n'était venu depuis des jours. Ce qui a été fait se lit dans son état.
findings-title = Constats
findings-caption = Constats, les semblables sur une ligne
findings-unread = Tout n'a pas été lu ; ce qui n'est pas trouvé peut néanmoins s'y trouver. Manquant ou non lu :
findings-read = { $sources_n ->
    [one] { $events } événements lus de { $sources } source, { $malformed } mal formés.
   *[other] { $events } événements lus de { $sources } sources, { $malformed } mal formés.
}
findings-belong = { $n_n ->
    [one] { $n } constat appartient à cet incident.
   *[other] { $n } constats appartiennent à cet incident.
}
findings-clock = Heures corrigées d'après les événements Sysmon des machines elles-mêmes :
findings-clock-fast = { $events_n ->
    [one] les journaux de { $host } avançaient de { $by } ; { $events } événement replacé ainsi
   *[other] les journaux de { $host } avançaient de { $by } ; { $events } événements replacés ainsi
}
findings-clock-slow = { $events_n ->
    [one] les journaux de { $host } retardaient de { $by } ; { $events } événement replacé ainsi
   *[other] les journaux de { $host } retardaient de { $by } ; { $events } événements replacés ainsi
}
findings-untimed = { $n_n ->
    [one] { $n } événement ne dit aucune heure du calendrier : ce qu'il raconte n'a pas pu être placé.
   *[other] { $n } événements ne disent aucune heure du calendrier : ce qu'ils racontent n'a pas pu être placé.
}
findings-muted = Constats tenus pour nuls parce que quelqu’un l’a dit :
findings-muted-by = { $n_n ->
    [one] { $by } ({ $why }) : { $n } constat sur { $hosts }, du { $from } au { $until }
   *[other] { $by } ({ $why }) : { $n } constats sur { $hosts }, du { $from } au { $until }
}
findings-muted-rules = Règles
findings-muted-rule = { $n_n ->
    [one] { $rule } ({ $id }) { $n } fois
   *[other] { $rule } ({ $id }) { $n } fois
}
findings-basis-prior = Ce sur quoi repose le jugement : ce que le produit suppose de toute machine. Les machines ont été observées pendant { $span } en moyenne (part oubliée déduite), soit moins d'un jour.
findings-basis-learned = Ce sur quoi repose le jugement : ce qui a été appris de l'ordinaire de ces machines, observées pendant { $span } en moyenne (part oubliée déduite).
findings-basis-alone = Aucun fichier de référence (--baseline) d'exécutions antérieures ne l'appuie.
findings-basis-new = Le fichier de référence { $file } était neuf.
findings-basis-baseline = Le fichier de référence { $file }, tenu par des exécutions antérieures, reposait sur { $span } d'observation en moyenne.
findings-all = Tous les constats
findings-times = Fois
findings-until = jusqu'à { $when }
findings-level = Gravité
findings-rule = Règle
findings-host = Machine
findings-account = Compte
findings-event = Premier événement

## Le rapport : endiguement et preuve

containment-title = Endiguement
impact-attacker = Services qui reposent sur ce que tient l'attaquant
impact-predicted = Services touchés par notre isolement, selon la prévision
impact-observed = Services touchés par l'endiguement à un moment du dossier, d'après la relecture
impact-state = État
impact-customers = Clients
impact-unknown = inconnu : le référentiel n'est qu'une ébauche
impact-per-hour = { $currency } par heure
plan-none = Aucun plan d'endiguement n'a été établi.
plan-not-done = Laissé de côté
plan-in-doubt = peuvent en pâtir
cost-caption = Le plan à côté de ce que l'on ferait sinon, sur { $hours } heures, en { $currency }
cost-plan = Plan
cost-services-lost = Services perdus
cost-exposed = Encore exposé
cost-footholds = Points d'appui laissés
cost-operating = Exécution
cost-total = Total
cost-services-hit = Services touchés
cost-note = Note
terminal-english = le terminal parle anglais ; report.html, les déclarations et les ordres de travail sont en français
cost-this = ce plan
cost-proven = prouvé à { $gap } près
cost-infeasible = enfreint une règle impérative
actions-caption = Actions du plan, génération { $generation }
actions-action = Action
actions-at = À
actions-lapses = S'éteint après
actions-cuts = Coupe
actions-breaks = Interrompt
actions-from = depuis
actions-to = vers
proof-title = Preuve
proof-none = Pas de certificat : rien n'a été appliqué.
proof-holds = tient
proof-broken = ne tient pas
proof-not-contained = non endigué
proof-moves = { $n_n ->
    [one] { $n } déplacement coupé, avec la règle qui le coupe
   *[other] { $n } déplacements coupés, avec la règle qui coupe chacun
}
proof-moves-caption = Chaque déplacement hors de la portée de l'attaquant
proof-means = Par
proof-by = Coupé par
graph-title = Graphe d'attaque avec la coupe
graph-reach = À portée de l'attaquant
graph-cut-by = Coupé par
graph-kept = Tenu hors de portée
graph-legend-from = déplacements possibles de l'attaquant
graph-legend-to = où ils mèneraient
graph-legend-rule = la règle qui les coupe
graph-description = À portée de l'attaquant : { $reached } machines ; déplacements coupés : { $cut } ; machines protégées tenues hors de portée : { $protected }. { $rules }. Le certificat les énumère tous.

## Le rapport : reprise

recovery-title = Reprise
recovery-none = Aucun plan de reprise n'a été établi.
recovery-picture = Plan de reprise
recovery-lost = Valeur perdue jusqu'au retour de tout, en durées médianes : { $money }, prouvé à { $gap } près.
recovery-services = Retour des services, depuis le début de la reprise
recovery-median = Médiane
recovery-nine = Neuf sur dix
recovery-risk = Risque de manquer la DMIA (MTPD)
recovery-stages = { $n_n ->
    [one] { $n } étape avec son passage
   *[other] { $n } étapes avec leurs passages
}
recovery-stage = Étape { $number } : { $title }
recovery-steps = { $n_n ->
    [one] { $n } opération.
   *[other] { $n } opérations.
}
recovery-gate = Le passage est ouvert par le rôle { $role }, après { $span } de surveillance sans nouveau constat :
gantt-description = { $n_n ->
    [one] { $n } étape ; la dernière opération finit { $span } après le début de la reprise, en durées médianes
   *[other] { $n } étapes ; la dernière opération finit { $span } après le début de la reprise, en durées médianes
}
gantt-row = { $label } : { $from } à { $to }, au pire { $late }
gantt-watch = surveillance après l'étape { $stage } : { $span }
gantt-watched = surveillé { $span }
gantt-gate = passage { $stage }
gantt-gate-long = passage après l'étape { $stage } : { $checks } ; surveillance { $span }

## Le rapport : droit

clocks-title = Échéances légales
clocks-note = Travaillez pour la première échéance ; la dernière qui puisse se défendre relève du conseil. Les heures sont celles du fuseau { $zone }.
clocks-none = Aucune obligation connue ne lie cet opérateur d'après son profil juridique.
clocks-binding = Obligations qui lient cet opérateur, depuis l'instant unique de prise de connaissance
clocks-prepare = Obligations qui peuvent lier, depuis l'instant unique de prise de connaissance
clocks-proposed = Obligations proposées, depuis l'instant unique de prise de connaissance
clocks-prepare-count = { $n_n ->
    [one] { $n } obligation qui peut lier : préparer, et laisser le conseil décider
   *[other] { $n } obligations qui peuvent lier : préparer, et laisser le conseil décider
}
clocks-proposed-count = { $n_n ->
    [one] { $n } obligation proposée, pas encore en vigueur
   *[other] { $n } obligations proposées, pas encore en vigueur
}
clocks-earliest = Première échéance
clocks-latest = Dernière défendable
clocks-duty = Obligation
clocks-to = À
clocks-filed = déposé { $when }
clocks-not-law = pas en vigueur
clocks-at-once = sans délai
clocks-runs-from = court depuis { $anchor }
clocks-facts-missing = court tant que des faits manquent
clocks-rule = Règle et sources
filings-title = Déclarations et ordres de travail
filings-caption = Ce qui est à déposer, prérempli à partir de ce dossier ; chacun est une page et des données
filings-what = Déclaration
filings-due = Échéance
filings-open = À écrire
filings-pages = Pages
filings-fields = { $n_n ->
    [one] { $n } champ
   *[other] { $n } champs
}
orders-title = Ordres de travail pour des personnes

## Le rapport : vol de données

theft-title = Exfiltration
theft-none-seen = aucune observée dans les { $share } du temps que couvre la télémétrie
theft-not-assessable = impossible à évaluer
theft-indications = indices
theft-evidenced = établie
theft-note = Au { $when } ; gisements à portée de l'attaquant : { $stores } ; la télémétrie couvre { $share } de leur temps, sur les connexions, processus, fichiers, flux sortants et DNS ; sans aucune trace de ce qui en est sorti : { $blind }. Réévalué quand les faits changent et avant la clôture.
holes-count = { $n_n ->
    [one] { $n } intervalle sans aucune trace d'un gisement
   *[other] { $n } intervalles sans aucune trace d'un gisement
}
holes-caption = Ce que la télémétrie ne couvre pas
holes-sensor = Capteur
holes-from = De
holes-to = À
theft-caption = Gisements de données à portée de l'attaquant
theft-store = Gisement
theft-data = Données
theft-conclusion = Conclusion
theft-covered = Couvert
theft-rests-on = Repose sur

## Noms des listes fermées

state-up = disponible
state-degraded = dégradé
state-down = interrompu
standing-source = aux mains de l'attaquant
standing-reached = encore à portée
standing-beyond = coupé de l'attaquant
standing-protected = ne doit jamais être atteint
action-block-flow = bloquer le flux
action-segment = segmenter
action-isolate = isoler
action-disable-identity = désactiver le compte
baseline-isolate-all = isoler chaque machine compromise
baseline-shut-zones = fermer leurs zones
level-informational = information
level-low = faible
level-medium = moyenne
level-high = élevée
level-critical = critique
alternative-silent = le moins cher sans point d'appui
kind-incident = incident
kind-evidence = pièce conservée
kind-finding = constat
kind-impact = impact
kind-plan = plan
kind-approval = approbation
kind-enforcement = application
kind-verification = vérification
kind-recovery = reprise
kind-surveillance = surveillance
kind-clock = échéance
kind-filing = déclaration
kind-exfiltration = vol de données
tactic-reconnaissance = reconnaissance
tactic-resource-development = préparation de moyens
tactic-initial-access = accès initial
tactic-execution = exécution
tactic-persistence = persistance
tactic-privilege-escalation = élévation de privilèges
tactic-defense-evasion = évasion des défenses
tactic-credential-access = vol d'identifiants
tactic-discovery = découverte
tactic-lateral-movement = déplacement latéral
tactic-collection = collecte
tactic-command-and-control = commande et contrôle
tactic-exfiltration = exfiltration
tactic-impact = impact
tactic-other = autre
stage-early-warning = alerte précoce
stage-notification = notification
stage-intermediate = rapport intermédiaire
stage-final = rapport final
stage-initial = rapport initial
stage-subjects = aux personnes concernées
state-untrusted = sans garantie
alternative-least-impact = impact le plus faible
alternative-balanced = équilibré
alternative-most-assurance = assurance la plus forte
anchor-submission = le dépôt : { $stage }
anchor-awareness = la prise de connaissance
anchor-detection = la détection
anchor-classification = le classement comme majeur
anchor-incident = l'incident
anchor-determination = la constatation
anchor-measure-available = la disponibilité d'une mesure
anchor-handling-end = la fin du traitement
stage-anssi = ANSSI
stage-interior = Intérieur
stage-report = rapport
stage-subscribers = abonnés
stage-alert = alerte
stage-declaration = déclaration
stage-communication = communication
stage-disclosure = publication
stage-complaint = plainte
stage-second = seconde notification
stage-recipients = destinataires
stage-clients = clients
stage-users = utilisateurs
stage-amendment = amendement
stage-agencies = autorités
stage-customers = clients
stage-incident = incident
stage-ransom = rançon
stage-progress = rapport d'avancement
stage-detailed = rapport détaillé
stage-form-8k = formulaire
clocks-open = Court tant que rien de ceci n'est établi ni exclu
filing-runs = Non tranché : le délai court comme si l'opérateur était lié, jusqu'à ce que ceci soit établi ou exclu
filing-may-run = Non tranché : préparer et laisser le conseil décider, une fois que ceci est établi ou exclu
filing-open-first = Savoir s'il faut déclarer n'est pas tranché : une personne en décide d'abord.
recovery-rto = RTO
recovery-mtpd = DMIA (MTPD)
theft-unknown = impossible à évaluer : aucun dépôt de données à portée de l'attaquant n'est connu

## `respond --why`

why-unseen = { $id } : rien de ce qui a été lu n'en parle, on ne peut donc rien en dire
why-nothing = { $id } : rien n'a été trouvé à son sujet
why-muted-alone = { $id } : rien n'a été trouvé à son sujet, hormis ce qui ne compte pas :
why-points = { $id } : au plus { $points } { $n_n ->
    [one] point
   *[other] points
}, le { $when } : { $means }. Dans un incident, une machine ou un compte est soupçonné à partir de { $suspected } points et tenu pour compromis à partir de { $compromised } ; { $declares } points sur une seule machine suffisent à déclarer un incident
why-not-named = trop peu pour être nommé dans un incident
why-suspected = assez pour être soupçonné dans un incident
why-compromised = assez pour être tenu pour compromis dans un incident
why-usual-hours = d'ordinaire ici : une fois en { $hours } h
why-usual-days = d'ordinaire ici : une fois tous les { $n } jours
why-usual-never = d'ordinaire ici : moins d'une fois par an (jamais, pour autant qu'on le sache)
why-rule = règle { $rule }
why-more = et { $n_n ->
    [one] { $n } raison de moindre poids
   *[other] { $n } raisons de moindre poids
}
why-muted = NON COMPTÉ : { $row }

## Ce que le dossier dit en anglais, redit en français ; les trous portent les noms du catalogue anglais

said-source-text = { $maybe } (lu dans le texte, { $any })
said-source-second = { $maybe } (lu dans une source secondaire, { $any })
said-source-memory = { $maybe } (de mémoire, à confirmer, { $any })
said-act-fields = { $maybe }, annexe I, une partie de ses { $count } champs ; numéros du schéma JSON du rapport, { $any }
said-simulated-hand = { $told } (simulation : personne n'a agi à la main sur ce point)
said-simulated = { $told } (simulation)
said-except = { $told }, sauf { $list }
said-then = { $told } ; puis, sur { $any } : { $told_b }
said-after = { $told }, après ceci : { $told_b }
said-burst = { $told }, une des { $count } règles rares en une heure
said-beside = { $told }, rare ici, dans l’heure d’alertes sur { $any }
said-onward = { $told }, puis plus loin depuis ici
said-suspicion = { $told }, depuis une machine et avec un compte soupçonnés
said-traced = { $told }, dans un même arbre de processus ou une même session que : { $any }
said-made-by = compte { $any } créé sur { $any_c } par le compte { $any_b }, déjà soupçonné à ce moment-là
said-made = compte { $any } créé sur la machine { $any_b }, déjà soupçonnée à ce moment-là
said-on-host = { $host } : { $told }
said-fired-times-by = « { $any } » ({ $level }), { $count } fois, par { $list }
said-fired-times = « { $any } » ({ $level }), { $count } fois
said-fired-by = « { $any } » ({ $level }), par { $list }
said-came = { $any } est passé de { $any_b } à { $any_c } ({ $maybe })
said-spoke = { $any } a communiqué avec { $any_b } ({ $maybe })
said-logon = connexion { $maybe }
said-flow = flux tcp/{ $count }
said-flow-seen = flux vers { $any }, { $count } fois, jamais vu auparavant
said-no-sensor = aucun capteur n'a enregistré ce qui en est sorti
said-unknown-places = flux vers des lieux inconnus à l'intérieur, des adresses privées que le parc ne connaît pas : { $any } ; ce qui en est sorti n'est pas connu
said-kept = { $any } conservé, SHA-256 { $any_b }
said-declared-title = déclaré : { $maybe }
said-grew = périmètre étendu, compromis : { $list }
said-relapse = RECHUTE : { $list } ({ $maybe })
said-state-change = { $told } → { $told_b }
said-accepted = { $told } : accepté par { $maybe }
said-stays = { $any } reste à portée
said-foothold-unknown = { $any } conserve un point d'appui (ses voies de sortie sont inconnues)
said-foothold-way = { $any } conserve un point d'appui (voie de sortie : { $any_b })
said-foothold-account = { $any } conserve un point d'appui (non désactivé)
said-closed-why = clos : { $maybe }
said-removed = points d'appui retirés de { $list } : { $maybe }
said-plan-parts = { $told } ; { $list }
said-plan = plan d'endiguement { $count } : { $count_b_n ->
    [one] { $count_b } action
   *[other] { $count_b } actions
}, { $any } sur { $any_b } h, écart { $number } %
said-part-at-once = partie { $count } ({ $count_b_n ->
    [one] { $count_b } action
   *[other] { $count_b } actions
}) tout de suite
said-part-waits = partie { $count } ({ $count_b_n ->
    [one] { $count_b } action
   *[other] { $count_b } actions
}) dans l'attente de { $list }
said-plan-impossible = aucun plan d'endiguement n'est possible : { $maybe }
said-replan = autre plan demandé : { $maybe }
said-asked = { $told } : accord demandé à { $list } ({ $maybe })
said-approved-yes = { $told } (--yes)
said-approved-accept = { $told } (--accept)
said-approved-policy = { $told } (aucun accord n'est exigé)
said-approved = { $told } : accord de { $maybe }
said-refused = { $told } : REFUSÉ par { $maybe } ({ $maybe_b })
said-took = { $any } a pris la génération { $count }, en vigueur { $maybe }
said-within = en { $span }
said-failed = { $any } a échoué (essai { $count }) : { $maybe }
said-given-up = { $any } abandonné : { $maybe }
said-tries = abandonné après { $count } essais : { $maybe }
said-read-back = { $any } relu : tient la génération { $count } comme demandé
said-proof = la preuve de la génération { $count } tient : { $count_b_n ->
    [one] { $count_b } déplacement coupé
   *[other] { $count_b } déplacements coupés
} depuis { $count_c_n ->
    [one] { $count_c } machine
   *[other] { $count_c } machines
}, aucune des { $count_d } machines protégées n'est atteignable
said-proof-part = la preuve de la génération { $count } tient pour ce que le plan coupe : { $count_b_n ->
    [one] { $count_b } déplacement coupé
   *[other] { $count_b } déplacements coupés
} depuis { $count_c_n ->
    [one] { $count_c } machine
   *[other] { $count_c } machines
}, aucune des { $count_d } machines protégées n'est atteignable
said-stay-open = { $told } ; les chemins vers { $list } restent ouverts
said-keep = { $told } ; { $list } conservent un point d'appui
said-keeps = { $told } ; { $any } conserve un point d'appui
said-proof-not = la preuve de la génération { $count } NE tient PAS : { $any }
said-lease = { $any } : le bail est expiré
said-recovery-plan = plan de reprise { $count } : { $count_b_n ->
    [one] { $count_b } étape
   *[other] { $count_b } étapes
}, { $count_c_n ->
    [one] { $count_c } opération
   *[other] { $count_c } opérations
}
said-step-done = opération { $any } faite
said-step-failed = opération { $any } échouée : { $maybe }
said-restored = étape { $count } rétablie : { $list }
said-watched = { $told } sous surveillance pendant { $span }
said-nothing-seen = { $told } : aucune détection pendant la surveillance
said-gate-opened = passage de l'étape { $count } ouvert
said-clocks = { $count_n ->
    [one] { $count } échéance légale qui lie, calculée
   *[other] { $count } échéances légales qui lient, calculées
}
said-filed = { $any } { $any_b } déposé
said-subject-part = plan d'endiguement { $count }, partie { $count_b }
said-subject-plan = plan d'endiguement { $count }
said-subject-recovery = plan de reprise { $count }
said-subject-gate = passage de l'étape { $count }
said-subject-stage = étape { $count }
said-subject-all = l'ensemble
said-subject-close = clôture
said-why-lifts = il lève ce qui était fait
said-why-known = ce qu'il fait est déjà accordé ou n'interrompt aucun service
said-why-free = il n'interrompt aucun service
said-why-free-asked = il n'interrompt aucun service ; chaque plan demande un accord
said-why-acts = il agit sur le parc
said-why-breaks = il interrompt ou dégrade des services
said-why-next = l'étape suivante peut commencer
said-why-over = l'incident est terminé
said-why-use = il remet des services en usage
said-why-restored = tout est rétabli et rien n'a été vu pendant la surveillance
said-why-cleaned = sessions closes, implants et persistance retirés, secrets renouvelés
said-why-certificate = le certificat du plan { $count } ne tient pas
said-why-lost = le plan s'appuie sur { $any }, qui ne répond pas
said-why-other-rules = il tient les règles d'un autre plan
said-why-not-rules = il ne tient pas les règles reçues
said-why-not-disabled = il n'a pas désactivé les comptes demandés
said-why-lease = il tient les règles sous un autre bail
said-cut-unknown = { $any } → extérieur (voie de sortie inconnue)
said-cut-way = { $any } → { $any_b } ({ $any_c } : voie de sortie)
said-cut = { $any } → { $any_b } ({ $maybe })
said-ports = { $any } et { $count } autres ports
said-left-footholds = { $count } entités conservent un point d'appui : { $list }
said-left-foothold = { $count } entité conserve un point d'appui : { $list }
said-left-way-unknown = { $any } (voie de sortie inconnue)
said-left-through = { $any } (par { $any_b })
said-left-by = { $any } (par { $any_b })
said-left-cost = le couper coûte plus que sa valeur, ou aucun point disponible ne le peut
said-left-ways = les voies de sortie n'ont pas été distinguées
said-left-ways-why = aucun flux déclaré ne touche une zone externe : tout ce qui est compromis et non isolé est tenu pour parler à l'extérieur
said-left-seen = { $count_n ->
    [one] { $count } flux tenu pour ouvert : { $list }
   *[other] { $count } flux tenus pour ouverts : { $list }
}
said-left-seen-why = vu dans la télémétrie, non déclaré dans le référentiel
said-left-loss = ce que perdent les services est inconnu
said-left-loss-why = le référentiel n'est qu'une ébauche : ce qui n'a pas été vu est tenu pour ouvert, et personne n'a dit quels services existent
said-left-reach = { $count_n ->
    [one] { $count } machine reste
   *[other] { $count } machines restent
} à portée de l'attaquant : { $list }
said-left-reach-verb = { $count_n ->
    [one] { $count } machine reste
   *[other] { $count } machines restent
} à portée de l'attaquant : { $list }
said-left-reach-why = tenir l'attaquant dehors coûte plus que leur valeur, ou aucun point disponible ne le peut
said-left-strict = { $count_n ->
    [one] { $count } autre machine resterait
   *[other] { $count } autres machines resteraient
} à portée dans l'attitude `strict` : { $list }
said-left-strict-why = le plan est prouvé pour l'attitude `{ $any }` : les flux sur d'autres ports restent ouverts
said-left-shared = { $any } n'a pas été séparé de { $any_b }, qui est bloqué
said-left-shared-why = les deux utilisent les mêmes ports entre les mêmes machines : leurs paquets ne se distinguent pas
said-left-parted = { $any } et { $any_b } ne restent ouverts qu'à travers des machines différentes
said-left-parted-why = aucune machine à laquelle l'un mène et dont l'autre part ne garde les deux : qui passe par elle est coupé
said-left-point = rien n'a été prévu sur { $any }
said-left-point-why = il ne répond pas
said-left-doubt = { $any } n'a pas été traité comme compromis
said-left-doubt-why = sa certitude { $number } est sous { $number_b }
said-left-gap = un plan moins cher, jusqu'à { $number } %, n'est pas exclu
said-left-gap-why = la recherche s'est arrêtée à sa limite de travail
said-stage-hosts = { $count_n ->
    [one] { $count } machine qu'aucun service n'attend
   *[other] { $count } machines qu'aucun service n'attend
}
said-stage-done = Fait avant la nouvelle planification
said-check-steps = chaque opération a réussi et a été vérifiée sur { $list }
said-check-probe = sonde : le service { $any } répond
said-check-lifted = action d'endiguement { $any } levée, et vérifiée comme levée
said-check-host = aucun nouveau constat sur cette machine pendant { $span }
said-check-hosts = aucun nouveau constat sur ces machines pendant { $span }
said-check-relapsed = machines reprises isolées de nouveau, et vérifiées comme isolées
said-note-anew = Nouvelle planification { $span } après le début de la reprise ; opérations gardées comme faites : { $count }.
said-note-relapse = Rechute { $span } après le début de la reprise : { $list } à ramener de nouveau ; opérations gardées comme faites : { $count }.
said-note-never = Le service `{ $any }` ne revient pas avec ces machines : il lui manque autre chose.
said-note-no-members = L'équipe `{ $any }` n'a pas de membre : un est supposé.
said-note-no-crew = L'équipe `{ $any }` n'est pas déclarée : un membre est supposé.
said-note-no-procedure = Aucune procédure ne couvre `{ $any }` : { $any_b } par l'équipe `{ $any_c }` sont supposés.
said-law-binding = Le profil juridique le rend obligatoire.
said-law-lapsed = N'est plus en vigueur depuis le { $any }.
said-law-replaced = Remplacé par la transposition de { $any } (profil juridique).
said-law-repealed = Abrogé.
said-law-proposal = Une proposition, pas du droit : rien n'en est calculé.
said-law-from = Ne s'applique qu'à partir du { $any }.
said-law-profile = Le profil juridique ne le rend pas obligatoire : ajoutez le type d'entité si le conseil l'estime applicable.
said-law-transposition = La transposition nationale de { $any } est attendue : ajoutez-la à `legal_profile.transposed` dès que le conseil l'estime en vigueur.
said-law-unconfirmed = Son état en droit n'a pas pu être confirmé : au conseil de vérifier.
said-law-zone = `{ $any }` n'est pas un fuseau horaire connu : les échéances sont calculées en UTC
said-law-cap = `{ $any }` est ouvert : le délai du plafond court depuis son propre point de départ
said-law-calendar = Pas de calendrier de jours fériés `{ $any }` : seuls les week-ends comptent comme chômés
said-law-began = Le début de l'incident est inconnu : sa détection en tient lieu
said-law-contested = Le délai compte moins de { $count } jours ouvrables entiers ; que le règl. { $any } prolonge un délai en heures est contesté (autorité bavaroise, juin { $any_b } : non) ; au conseil de trancher
said-outer-hours = heures entières, celle de l'événement non comptée (règl. { $any })
said-outer-noon = week-end ou jour férié : midi du jour ouvrable suivant (règl. dél. (UE) { $any })
said-outer-day = jusqu'à la fin du dernier jour
said-outer-next = jour ouvrable suivant (règl. { $any })
said-outer-national = jour ouvrable suivant (règle nationale, à confirmer)
said-outer-least = au moins { $count } jours ouvrables (règl. { $any })
said-act-upheld = { $any }, confirmé par la juridiction « { $any_b } » le { $any_c }
said-act-slipped = { $any }, règle finale repoussée à { $any_b }, puis retardée ; état ultérieur non trouvé
said-act-deleted = { $maybe }, supprimé par { $maybe_b } art. { $any }
said-act-applies = { $maybe } (applicable à compter du { $any })
said-act-consolidated = { $maybe } (version consolidée { $any }), { $any_b }
said-act-bill = { $any }, en séance aux Communes, { $any_b } ; adoption non trouvée
said-act-hour = { $any }, heure de dépôt
said-act-range = Code de la défense, { $any } à { $any_b }
said-act-implementing = Règlement d'exécution (UE) { $any }
said-act-delegated = Règlement délégué (UE) { $any }
said-act-regulation = Règlement (UE) { $any }
said-act-directive = Directive (UE) { $any }
said-act-guidelines = Lignes directrices { $any } du CEPD, prise de connaissance : degré raisonnable de certitude
said-more-moves = et d'autres déplacements de même nature
said-fired = « { $any } » ({ $level })
said-title = { $told } : « { $any } »
said-with-account = { $told } avec le compte { $list }
said-with-accounts = { $told } avec les comptes { $list }
said-lateral-to = Déplacement latéral de { $list } à { $list_b }
said-lateral-towards = Déplacement latéral de { $list } vers { $list_b }
said-lateral-across = Déplacement latéral entre { $list }
said-intrusion-on = Intrusion sur { $list }
said-intrusion = Intrusion
said-muted-maintenance = maintenance { $any }
said-muted-scanner = scanner { $any }
said-muted-dismissal = rejet
said-contact = { $told } ({ $any })
said-w-declared = déclaré
said-w-contained = endigué
said-w-eradicated = éradiqué
said-w-recovering = en reprise
said-w-monitoring = sous surveillance
said-w-closed = clos
said-w-incident-commander = commandant de l'incident
said-w-service-owner = responsable du service
said-w-policy = la politique
said-w-ciso = RSSI
said-w-deputy-commander = adjoint du commandant
said-w-business = entreprises
said-w-consumer = grand public
said-w-wholesale = opérateurs
said-w-internal = interne
said-w-public = public
said-w-retail = particuliers
said-w-partner = partenaires
said-w-customer = clients
said-w-billing = facturation
said-w-traffic = trafic
said-w-payment = paiement
said-w-credentials = identifiants
said-w-subscriber = abonnés
said-w-customer-network = réseau des clients
said-w-cdr = relevés d'appels
said-w-employee = personnel
said-w-health = santé
said-w-location = localisation
said-w-personal = données personnelles
said-w-backup = sauvegardes
said-w-configuration = configuration
said-w-evidence = preuves
said-w-financial = finances
said-w-logs = journaux
said-w-network = réseau
said-w-operational = exploitation
said-w-source-code = code source
said-w-trade-secrets = secrets d'affaires
said-w-logon = connexion
said-w-process = processus
said-w-file = fichier
said-w-egress = flux sortant
said-w-dns = DNS
said-w-remote = à distance
said-w-interactive = interactive
said-w-service = service
said-w-batch = par lot
said-w-unlock = déverrouillage
said-w-low = faible
said-w-medium = moyenne
said-w-high = élevée
said-w-critical = critique
said-w-informational = information
said-w-at-once = tout de suite
said-w-outside = extérieur
said-w-on-call-incident-commander = Commandant de l'incident d'astreinte
said-w-deputy-by-name = Commandant adjoint
said-w-a-move-not-named = un déplacement non nommé
said-w-chief-information-security-officer = Responsable de la sécurité des systèmes d'information
said-w-network-duty-engineer = Ingénieur réseau d'astreinte
said-w-data-protection-officer = Délégué à la protection des données
said-w-general-counsel = Directeur juridique
said-w-press-office = Service de presse
said-w-duty-manager-of-services = Responsable des services d'astreinte
said-w-liaison-with-national-authorities = Liaison avec les autorités nationales
said-w-cyber-insurance-claims = Sinistres de l'assurance cyber
said-w-on-call-commander = Commandant d'astreinte
said-w-remote-interactive = interactive à distance
said-w-explicit = explicite
said-w-dpo = délégué à la protection des données
said-w-communications = communication
said-w-legal = service juridique
