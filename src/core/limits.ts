// Every limit of the gateway, each with its unit in its name and its reason above it. All are tested on both sides.

/** A login body holds a few tokens; more is refused (413) before it is parsed. */
export const LOGIN_BODY_MAX_BYTES = 64 * 1024

/** An introspection body holds one session of at most 8 KiB, percent-encoded. */
export const INTROSPECTION_BODY_MAX_BYTES = 32 * 1024

/** The claims endpoint takes up to a thousand workloads, some as whole pods. */
export const CLAIMS_BODY_MAX_BYTES = 8 * 1024 * 1024

/**
 * A body must be complete this long after the gateway begins to read it: otherwise a slow client could hold memory
 * indefinitely.
 */
export const REQUEST_BODY_TIMEOUT_MILLIS = 10_000

/** On Node and Deno: the headers of a request must be complete this long after the connection or the request began. */
export const REQUEST_HEADERS_TIMEOUT_MILLIS = 10_000

/**
 * On Node and Deno: a whole request must have been received by then, or its connection is closed. For bodies that the
 * gateway does not read; longer than headers, body and the reads of the store between them, so that those answer first.
 */
export const REQUEST_TIMEOUT_MILLIS = 40_000

/**
 * On Node and Deno: a connection without a request is closed after this. Longer than the 60 s for which balancers keep
 * theirs, or the gateway closes one in the moment that a balancer uses it again.
 */
export const CONNECTION_IDLE_TIMEOUT_MILLIS = 75_000

/** On Node and Deno: a connection on which nothing moves, as by a client that does not read its answer, is closed. */
export const CONNECTION_STALLED_TIMEOUT_MILLIS = 60_000

/** On Node and Deno: how often connections are held against these: the most by which one is over its own. */
export const CONNECTIONS_CHECK_MILLIS = 1_000

/** On Node and Deno: connections at once; each holds some 10 kB, and a body while one arrives. Others are refused. */
export const CONNECTIONS_MAX = 4_096

/** A full server is reported at most once in this time: a flood of connections must not become a flood of lines. */
export const CONNECTIONS_FULL_NOTICE_MILLIS = 60_000

/**
 * On Node and Deno: requests of one connection that wait for their answers. Clients of today pipeline none; tens of
 * thousands fit into one buffer, and Deno reads on however many answers are not read.
 */
export const PIPELINED_REQUESTS_MAX = 8

/**
 * On Node and Deno: after SIGTERM `/readyz` answers 503 for this long before the port is closed, so that balancers send
 * no more, and clients' connections end with an answer and not with a reset.
 */
export const SHUTDOWN_NOTICE_MILLIS = 2_000
/**
 * Then requests under way have this long: with the notice and the last write ({@link OUTPUT_FLUSH_MILLIS}) under 12 s,
 * since Docker kills after 10 s by default and Kubernetes after 30 s.
 */
export const SHUTDOWN_GRACE_MILLIS = 8_000
/**
 * A turn of the event loop this short has accepted no connection. The port is closed after such a turn: to close it
 * resets what the system has accepted and we have not yet.
 */
export const QUIET_TURN_MAX_MILLIS = 0.2
/** A server under so much load that no turn of so many is that short is closed all the same. */
export const QUIET_TURNS_TRIED_MAX = 2_000
/** At the end, what standard output and standard error have not yet taken. */
export const OUTPUT_FLUSH_MILLIS = 1_000

/**
 * On Node and Deno: audit records that wait for a reader of standard output: some 8 s at a hundred logins a second, for
 * a log shipper that restarts. After that logins are refused, because a session without its record must not be given
 * out.
 */
export const AUDIT_BUFFER_MAX_BYTES = 1024 * 1024
/** Lines that wait for a reader of standard error; after that they are dropped. */
export const NOTICE_BUFFER_MAX_BYTES = 64 * 1024
/** A pipe that is full is tried again after this, doubled each time. */
export const OUTPUT_FULL_WAIT_MIN_MILLIS = 5
export const OUTPUT_FULL_WAIT_MAX_MILLIS = 100
/** An output that failed, as of a full disk or a reader that is gone, is tried again at this interval. */
export const OUTPUT_FAILED_WAIT_MILLIS = 500
/** When to try a login again whose record could not be taken. */
export const AUDIT_RETRY_AFTER_SECONDS = 5

/** An address in a header, with brackets, a zone and a port. */
export const ADDRESS_TEXT_MAX_LENGTH = 80
/** `TRUSTED_PROXIES`: networks. */
export const TRUSTED_PROXIES_MAX = 256
/** `ANONYMOUS_PER_MINUTE`: more than a thousand a second from one address is no limit. */
export const ANONYMOUS_PER_MINUTE_MAX = 60_000
/**
 * Clients whose requests verified nothing lately, some 250 bytes each. The one longest unused is forgotten first, and
 * begins anew.
 */
export const LIMITED_CLIENTS_MAX = 10_000
/** Refused requests are counted, and reported at most this often. */
export const LIMITED_EVENT_INTERVAL_MILLIS = 60_000

/** One answer of `/readyz` about the store is reused for this long: anyone may ask, and stores charge per read. */
export const READY_CACHE_MILLIS = 2_000
/** A store that takes longer is not ready; probes of Kubernetes and balancers give up after 1 to 5 s. */
export const READY_STORE_TIMEOUT_MILLIS = 2_000

/** On Node and Deno: how often the files of the TLS certificate and its key are read again. */
export const TLS_CHECK_MILLIS = 5_000

/**
 * On Node and Deno: a request that was answered before its body was read keeps its connection if the body is no longer
 * than this: to read it costs less than another connection. After a longer one the connection is closed.
 */
export const UNREAD_BODY_MAX_BYTES = 16 * 1024
/** How long the client of such a connection has to read its answer: what it still sends would reset it. */
export const UNREAD_BODY_LINGER_MILLIS = 500

/** Workloads in one request to the claims endpoint. */
export const CLAIMS_WORKLOADS_MAX = 1000

/** Ids that an issuer gives its workloads: they come back in the answer and in audit records. */
export const WORKLOAD_ID_MAX_LENGTH = 128

/** Attributes of one workload, sent flat; labels, annotations or containers of one pod. */
export const WORKLOAD_ATTRIBUTES_MAX = 512

/** Pieces of evidence in one login: no policy needs more attestors than there are. */
export const ATTESTATIONS_MAX = 8
/**
 * Characters of a sealed challenge: its attestor chooses what is sealed, and it travels in bodies, never in a header.
 */
export const CHALLENGE_MAX_LENGTH = 4 * 1024
/** From the answer that gives it to the login that uses it: one round trip, and a TPM that takes seconds. */
export const CHALLENGE_LIFETIME_SECONDS = 60
/** Of a request for a challenge: a key, a certificate or a host name. */
export const CHALLENGE_BODY_MAX_BYTES = 32 * 1024
/** The answer to a call-out: a yes or no, and a few attributes. */
export const CALL_OUT_MAX_BYTES = 16 * 1024
/**
 * All attempts of one call-out together: a login must not wait longer for another service than its caller waits for it.
 */
export const CALL_OUT_TIMEOUT_MILLIS = 10_000
/** Of what an http_dns host serves: 43 characters and a line end. A page of something else is not read. */
export const HTTP_DNS_BODY_MAX_BYTES = 64
/** From resolving the name to the last byte. */
export const HTTP_DNS_TIMEOUT_MILLIS = 10_000
/** Requests to one http_dns host at once, for one instance of the gateway: no caller can have it flood a host. */
export const HTTP_DNS_PER_HOST_MAX = 4
/** Networks of `HTTP_DNS_NETWORKS`. */
export const HTTP_DNS_NETWORKS_MAX = 100
/** Host names of one `http_dns` entry. */
export const HTTP_DNS_HOST_NAMES_MAX = 1_000
/** Ports of one `http_dns` entry. */
export const HTTP_DNS_PORTS_MAX = 100
/** Call-outs of one request, over all policies that it tries: each may take its whole time-out. */
export const CALL_OUTS_PER_REQUEST_MAX = 8
/** Calls of one webhook that one isolate has under way: a slow webhook must not collect all logins. */
export const WEBHOOK_CALLS_MAX = 16
/** One try of a webhook: less is over before a TLS handshake is. */
export const WEBHOOK_TIMEOUT_MIN_MILLIS = 100
/** One try where the author says nothing: four of them are within the bound of a call-out. */
export const WEBHOOK_TIMEOUT_DEFAULT_MILLIS = 2_000
export const WEBHOOK_RETRIES_MAX = 9
/** What an agent sends for a webhook, as JSON: a signed document or a quote fits. */
export const WEBHOOK_PROOF_MAX_BYTES = 16 * 1024
/** Attributes that one answer adds: each ends up in the session. */
export const CUSTOM_ATTRIBUTES_MAX = 32
/** `<key>` of `custom.<key>`: a DNS label, as long as any name that a document calls it by. */
export const CUSTOM_KEY_MAX_LENGTH = 63
/** One value of such an attribute, and the values of a list. */
export const CUSTOM_VALUE_MAX_LENGTH = 1024
export const CUSTOM_VALUES_MAX = 64
/** The setting `WEBHOOKS`. */
export const WEBHOOKS_MAX = 64
/** Keys that sign the requests to one webhook: during a rotation there are two. */
export const WEBHOOK_KEYS_MAX = 4
/** As long as the output of HMAC-SHA-256 (RFC 2104 section 3). */
export const WEBHOOK_KEY_MIN_BYTES = 32
export const WEBHOOK_KEY_MAX_BYTES = 256
export const WEBHOOK_BEARER_MAX_LENGTH = 4 * 1024
/** Anchors of one selector that have to be fetched, per document: one cold login after the other reaches them all. */
export const FETCHED_ANCHORS_PER_SELECTOR_MAX = 16
/**
 * Anchors that one piece of evidence calls by the same name: each may cost a signature check before the evidence is
 * verified.
 */
export const ANCHORS_PER_NAME_MAX = 16
/** Anchors that are fetched for one piece of evidence, in document order. The next request finds them in hand. */
export const ANCHOR_FETCHES_PER_EVIDENCE_MAX = 4
/** And for one request, whatever evidence it has. */
export const ANCHOR_FETCHES_PER_REQUEST_MAX = 8

/** Refused workloads that one audit record lists; the count of the rest is stated. */
export const AUDITED_WORKLOADS_MAX = 100

/** Policies that one audit record lists; of a document of thousands the rest is counted. */
export const AUDITED_POLICIES_MAX = 20

/** Entries of one list of what the deployment expects, such as allowed accounts, in an audit record. */
export const AUDITED_EXPECTED_MAX = 20
/** All that one refusal says of what the deployment expects. */
export const AUDITED_EXPECTED_MAX_BYTES = 4 * 1024
/** The same where it is all that a record is about: every listed issue of a document that has never compiled. */
export const AUDITED_ISSUES_MAX_BYTES = 16 * 1024

/** Issues of a refused document, or other entries of a list, in one event: `status` lists them all. */
export const EVENT_ENTRIES_MAX = 5

/** What all evidence of one login claims of itself, in its record: names of Kubernetes fit whole. */
export const AUDITED_CLAIMED_MAX_BYTES = 4 * 1024

/** One string in an audit record that came from outside, with what was escaped in it. */
export const AUDIT_TEXT_MAX_LENGTH = 512

/** The stack of a fault of our own in its record: frames from its place outwards, each with a path of ours. */
export const FAULT_FRAMES_MAX = 16
export const FAULT_FRAME_MAX_LENGTH = 200

/** Of an audit record, for the names of its lists and the counts of what they leave out. */
export const AUDIT_FRAME_BYTES = 512

/**
 * One audit record, as JSON with everything outside ASCII escaped: Workers Logs cuts a line at 256 kB and others at
 * less, and an anonymous caller must not be able to choose what is cut off.
 */
export const AUDIT_RECORD_MAX_BYTES = 32 * 1024
/** A request for claims has up to a thousand workloads, and an issuer's session. */
export const AUDIT_MAPPING_RECORD_MAX_BYTES = 64 * 1024

/** The path segment where a cluster id was expected: an id has 63 characters at most. */
export const CLUSTER_ID_AUDITED_MAX_LENGTH = 64

/** One string of a refusal's answer, with what was escaped in it: a condition's message fits whole. */
export const PROBLEM_TEXT_MAX_LENGTH = 512
/** The answer to a refused request: eight refusals at their longest, everything outside ASCII escaped. */
export const PROBLEM_MAX_BYTES = 32 * 1024

/** Why one workload was refused: a template's names and values are in it. */
export const WORKLOAD_TEXT_MAX_LENGTH = 1024

/** A string from outside that a message quotes: enough to recognise it. */
export const QUOTED_MAX_CHARACTERS = 64
/** Names of a token's claims that a message quotes: issuers, and accounts with their namespace, are this long. */
export const QUOTED_CLAIM_MAX_CHARACTERS = 320
/** Audiences of a token that a message quotes. */
export const QUOTED_AUDIENCES_MAX = 5

/** One issue of a document, with the strings that it quotes. */
export const ISSUE_MESSAGE_MAX_LENGTH = 1024

/** Nesting of a request body; a pod is some ten deep. */
export const JSON_DEPTH_MAX = 32

/** A bound service account token has about 1.2 kB, an ML-DSA-65 one some 6 kB. */
export const TOKEN_MAX_BYTES = 16 * 1024

/** JSON nesting inside a token. */
export const TOKEN_DEPTH_MAX = 8

/**
 * `kid` is printable ASCII, since it is printed in messages and audit records (which shorten it). Kubernetes' external
 * signers may name a key by so many characters (`ExternalJWTSigner`, KEP-740).
 */
export const KID_MAX_BYTES = 1024

/**
 * `uid` of an object in a service account token: a UUID has 36 characters, a mirror pod's is a digest of 64 at most.
 */
export const UID_MAX_LENGTH = 128

/** Times after the year 9999 are no times (RFC 7519 NumericDate); 1e308 is accepted by every JWT library. */
export const NUMERIC_DATE_MAX_SECONDS = 253_402_300_799

/**
 * Discovery documents and key sets; a hundred RSA-4096 keys fit. It bounds how many keys a set has, too: 1,600 of the
 * shortest.
 */
export const KEY_SET_MAX_BYTES = 128 * 1024
export const DISCOVERY_MAX_BYTES = 64 * 1024

/** Unusable entries of a key set without a `kid` that are listed with their reason; the rest is counted. */
export const KEY_SET_UNNAMED_SKIPPED_MAX = 100

/** Keys of a set in a document: as many as a fetched set could hold, each hashed when its policy is first asked for. */
export const KEY_SET_INLINE_MAX_KEYS = 2_000

/**
 * Keys that WebCrypto holds, per isolate: some 6 KiB each, whether it is RSA or EC. An evicted one is imported again.
 * With a larger `KEY_CACHE_MIB` one more for each so many bytes of it.
 */
export const IMPORTED_KEYS_MAX = 1024
export const IMPORTED_KEY_SHARE_BYTES = 24 * 1024

/** RSA moduli: shorter ones are weak, longer ones are slow by design of the attacker. */
export const RSA_MIN_BITS = 2048
export const RSA_MAX_BITS = 8192

/** The start of a body that is not JSON: enough to recognise the page of a proxy or a login. */
export const BODY_START_BYTES = 256

/** Errors of `fetch` nest: `fetch failed` has a cause, and an attempt at several addresses has an error for each. */
export const FETCH_ERROR_NESTING_MAX = 4

/**
 * Compressed bytes that are decoded at once. DEFLATE expands 1,032-fold at most, so this becomes 130 kB; about one
 * piece goes in for each 4 kB that are read.
 */
export const INFLATE_PIECE_BYTES = 128

/** One fetch of a discovery document or a key set. */
export const KEY_FETCH_TIMEOUT_MILLIS = 5_000

/**
 * One load of a key source (discovery, then keys) holds a lease that lapses after this, since the request that held it
 * may have died; the others look for its result at these intervals, doubled each time.
 */
export const KEY_FETCH_LEASE_MILLIS = 2 * KEY_FETCH_TIMEOUT_MILLIS + 1_000
export const KEY_FETCH_POLL_MIN_MILLIS = 10
export const KEY_FETCH_POLL_MAX_MILLIS = 160

/**
 * Where keys are in hand that are over their age, a login waits this long for newer ones: an issuer that is up answers
 * within it, and one that hangs must not delay every login.
 */
export const KEY_FETCH_OVER_AGE_WAIT_MILLIS = 1_000

/** `Cache-Control: max-age` of a key set is honoured within these bounds; without one, the default holds. */
export const KEY_SET_AGE_MIN_SECONDS = 60
export const KEY_SET_AGE_DEFAULT_SECONDS = 300
export const KEY_SET_AGE_MAX_SECONDS = 3600

/** Keys in hand go on serving this long after the last successful fetch while the issuer is down. */
export const KEY_SET_STALE_MAX_SECONDS = 24 * 3600

/** After a failed fetch the next attempt waits: 1 s, doubled per failure up to this. */
export const KEY_FETCH_BACKOFF_MIN_MILLIS = 1_000
export const KEY_FETCH_BACKOFF_MAX_MILLIS = 60_000

/**
 * An issuer that answers 429 or 503 may ask for a longer wait than that, up to this: a `Retry-After` of hours, sent by
 * mistake, must not keep a cluster out for hours.
 */
export const KEY_FETCH_RETRY_AFTER_MAX_SECONDS = 300

/** Refetches for an unknown `kid` draw on a bucket of this size, one token back per interval (guarantee 4). */
export const KID_REFETCH_BUCKET = 2
export const KID_REFETCH_REFILL_MILLIS = 30_000

/** Unknown `kid`s remembered per key source, so that one of them asks once and not again. */
export const UNKNOWN_KIDS_MAX = 256
export const UNKNOWN_KID_TTL_MILLIS = 30_000

/**
 * Key sources in memory, per isolate, in bytes. Their number is not bounded, since an evicted source costs only two
 * fetches at the next login. A source with two RSA keys takes some 5 kB.
 */
export const KEY_SOURCES_MAX_BYTES = 24 * 1024 * 1024
/** What a source takes besides its keys and its names, and what an unknown `kid` takes besides its own length. */
export const KEY_SOURCE_BYTES = 2048
export const UNKNOWN_KID_BYTES = 160

/**
 * First fetches of sources that unverified tokens cause: a burst of so many, then fifty a second. A
 * thousand clusters that log in right after a start are served within twenty seconds, each after a retry or two.
 */
export const FIRST_LOADS_BUCKET = 200
export const FIRST_LOADS_REFILL_MILLIS = 20
/** Sources remembered as having verified a token: they are not subject to this. Some 200 bytes each. */
export const VERIFIED_SOURCES_MAX = 10_000

/** URLs of issuers and key sets. */
export const URL_MAX_LENGTH = 2048

/** One string among a token's own claims, and the strings of one list: ARNs, refs and ARM ids are shorter. */
export const CLAIM_VALUE_MAX_LENGTH = 2048
export const CLAIM_VALUES_MAX = 64

/** PEM keys of one `custom_jwt` entry: each that fits the algorithm of a token is tried. */
export const PEM_KEYS_MAX = 16

/**
 * Longest lifetime (`exp - iat`) of a token unless the policy states another; Kubernetes' own longest is 24 h on AKS.
 */
export const TOKEN_LIFETIME_DEFAULT_SECONDS = 24 * 3600

/** One section document (guarantee of design section 3). */
export const DOCUMENT_MAX_BYTES = 2 * 1024 * 1024
export const DOCUMENT_MAX_KEYS = 60_000
/** List elements and flow separators: the YAML parser spends a microsecond on each, and has no bound of its own. */
export const DOCUMENT_MAX_ITEMS = 100_000
/** The YAML parser finds every line start before it reports a fault; a document within the other bounds has fewer. */
export const DOCUMENT_MAX_LINES = 200_000
export const DOCUMENT_MAX_DEPTH = 32
export const POLICIES_MAX = 10_000

/** Entries of one Revocations document: an outage of a whole fleet of nodes fits. */
export const REVOCATIONS_MAX = 10_000
/** The strings of one entry that name what is revoked, together: a namespace and a name have 316 bytes at most. */
export const REVOCATION_FACT_MAX_BYTES = 512
/** The reason of an entry, as audit records repeat it. */
export const REVOCATION_REASON_MAX_LENGTH = 200
/** One Revocations document: {@link REVOCATIONS_MAX} entries of the longest form fit. Other documents are shorter. */
export const REVOCATIONS_DOCUMENT_MAX_BYTES = 8 * 1024 * 1024

/** One certificate as DER, of a chain, a signed document or the configuration: those in use have 1 to 2 kB. */
export const CERTIFICATE_MAX_BYTES = 8 * 1024
/** Names of one certificate, and its extensions. */
export const CERTIFICATE_NAMES_MAX = 128
export const CERTIFICATE_EXTENSIONS_MAX = 32
/** Certificates that an agent sends as one chain, the leaf included: SPIRE's agents send up to four intermediates. */
export const CERTIFICATE_CHAIN_MAX = 5
/** Certificates of authorities in one entry of a policy or one section: each is tried where its name fits. */
export const CERTIFICATE_AUTHORITIES_MAX = 64
/** A signature of ssh-keygen with its certificate: of RSA keys of 8192 bits some 7 kB. */
export const SSHSIG_MAX_LENGTH = 16 * 1024
/** Principals of one host certificate. */
export const SSH_PRINCIPALS_MAX = 256
/** Lines of authorities or of host keys in one entry of a policy. */
export const SSH_KEYS_MAX = 1024
/** The public area of a key in a TPM: that of RSA-4096 with a policy has some 600 bytes. */
export const TPM_PUBLIC_MAX_BYTES = 1024
/** A signed document of a cloud: those of AWS have 1.1 kB, those of Azure 2 to 4 kB. */
export const SIGNED_DOCUMENT_MAX_BYTES = 16 * 1024
export const SIGNED_DOCUMENT_CERTIFICATES_MAX = 6

/** One certificate in a document; the region certificates of AWS have about 1.5 kB. */
export const PEM_MAX_LENGTH = 16 * 1024

/** Names of clusters, as `{{cluster.name}}` renders them. */
export const CLUSTER_NAME_MAX_LENGTH = 253

/** Overrides of one issuance policy. */
export const OVERRIDES_MAX = 10_000
/**
 * Steps (overrides, attributes, values) that the search for shadowed overrides may take; the lint stops if a document would
 * make it slow.
 */
export const OVERRIDE_COMPARISONS_MAX = 1_000_000

/**
 * Claims, and DNS names, of one policy: public CAs stop at a hundred names too. Each is rendered for every workload.
 */
export const CLAIMS_PER_POLICY_MAX = 100
export const DNS_NAMES_PER_POLICY_MAX = 100
/** Values of one X.509 subject: names of people and machines have fewer than ten. */
export const SUBJECT_VALUES_MAX = 32

/** Names of JWT claims. */
export const CLAIM_NAME_MAX_LENGTH = 256

/** Lifetimes that an issuance policy may set, and those that hold without one. */
export const X509_TTL_MIN_SECONDS = 3600
export const X509_TTL_MAX_SECONDS = 168 * 3600
export const X509_TTL_DEFAULT_SECONDS = 24 * 3600
export const JWT_TTL_MIN_SECONDS = 300
export const JWT_TTL_MAX_SECONDS = 168 * 3600
/** No document states upstream's default: the shortest lifetime that its documents ever called a minimum. */
export const JWT_TTL_DEFAULT_SECONDS = 3600

/** Clusters of one page of `/v1/status`, each with a read of every section. */
export const STATUS_PAGE_MAX = 50
/** A page that takes longer ends early: with large documents that are compiled first, after a second or two of CPU. */
export const STATUS_PAGE_MILLIS = 3_000
/** The cursor of such a page: the id of a cluster, and the store's own cursor. */
export const STATUS_CURSOR_MAX_LENGTH = 1_024
/** What `postern status --all` asks for: pages, and tries for one of them, with the wait that the gateway asks for. */
export const STATUS_PAGES_MAX = 20_000
export const STATUS_PAGE_TRIES_MAX = 5
export const STATUS_PAGE_WAIT_MAX_SECONDS = 30
/**
 * What the tool reads of a gateway's answer to `config status`: findings of seven sections, two hundred each with a
 * message of {@link ISSUE_MESSAGE_MAX_LENGTH}, are a fifth of it.
 */
export const GATEWAY_STATUS_MAX_BYTES = 8 * 1024 * 1024

/** The tool waits so long for a gateway's status: twice what the gateway waits for its store. */
export const GATEWAY_STATUS_TIMEOUT_MILLIS = 10_000
/** What a refused `config status` says of itself: a gateway's details are shorter, and it need not be a gateway. */
export const GATEWAY_REASON_MAX_LENGTH = 1_000

/**
 * Policies that `explain` lists with why they were not looked at: the nearest misses first, the rest counted.
 */
export const EXPLAINED_OTHERS_MAX = 20
/** A value, or a name of a token, in what `explain` prints: it does not push the rest out of sight. */
export const EXPLAINED_TEXT_MAX_LENGTH = 240
/** Cases of one file of policy tests. */
export const POLICY_TESTS_MAX = 10_000
/** Decisions that a replay of records remembers: most logins are of agents that logged in before. */
export const REPLAY_DECISIONS_MAX = 10_000
/** Kinds of changes that a replay lists. */
export const REPLAY_GROUPS_MAX = 1_000
/** A longer line is no audit record: these have at most `AUDIT_RECORD_MAX_BYTES`, before they are escaped. */
export const REPLAY_LINE_MAX_BYTES = 1024 * 1024
/** Overrides that `map` lists: of ten thousand, the last ones up to the one that was taken. */
export const MAPPED_OVERRIDES_MAX = 50
/** Values that `map` lists of those that a match looks for; the rest is counted. */
export const MAPPED_VALUES_MAX = 5
/** How often the tool makes a change again on what others have written meanwhile. */
export const CHANGE_TRIES_MAX = 8
/** Clusters of a store that a usage message names. */
export const NAMED_CLUSTERS_MAX = 20
/** `--actor`: a name for the history, on one line of it. */
export const ACTOR_MAX_LENGTH = 128

/** The line of an issue as a terminal shows it; a longer one is cut around the fault. */
export const ISSUE_LINE_MAX_LENGTH = 100

/** Issues listed for one document; the count of the rest is stated. */
export const ISSUES_MAX = 100

/** Lines that a diff removes and adds. If two documents differ in more, all their lines are shown as replaced. */
export const DIFF_EDITS_MAX = 3_000

/** Ages of a configuration in memory. */
export const CONFIG_FRESH_MILLIS = 15_000
export const CONFIG_REVALIDATE_MILLIS = 60_000
export const CONFIG_STALE_MAX_MILLIS = 3_600_000
/** One read of the store. */
export const STORE_TIMEOUT_MILLIS = 5_000
/**
 * One claim in the store of used evidence. A login waits for it, and its caller gives up after some seconds as well.
 */
export const REPLAY_TIMEOUT_MILLIS = 2_000
/** The replay store is reported as failed at most this often. */
export const REPLAY_EVENT_INTERVAL_MILLIS = 60_000
/** Every so many claims the file of used evidence is cleared of what has expired, so many rows at a time. */
export const REPLAY_PURGE_EVERY = 64
export const REPLAY_PURGE_ROWS = 256
/** An answer that a client of the gateway reads: mapped claims, and what is around them. */
export const CLIENT_ANSWER_MAX_BYTES = 32 * 1024 * 1024
/** Metadata services of clouds: they are on the machine's own network, and elsewhere nobody answers. */
export const METADATA_TIMEOUT_MILLIS = 2_000
export const METADATA_ANSWER_MAX_BYTES = 64 * 1024
/** An executable that prints the proof of an extension, at each login. */
export const AGENT_PROOF_TIMEOUT_MILLIS = 10_000
/** Between logins of an agent that fail, doubled from the one to the other. */
export const AGENT_BACKOFF_MIN_MILLIS = 1_000
export const AGENT_BACKOFF_MAX_MILLIS = 300_000
/** How often an agent looks whether its evidence has been made anew. */
export const AGENT_EVIDENCE_POLL_MILLIS = 5_000
/** One request of a client of the gateway. */
export const CLIENT_TIMEOUT_MILLIS = 15_000
/** The longest wait that a client believes of a `Retry-After`. */
export const RETRY_AFTER_MAX_SECONDS = 3_600
/** A relying party keeps the published keys for this long, and fetches them for an unknown key id at most this often. */
export const VERIFIER_KEYS_MAX_AGE_MILLIS = 600_000
export const VERIFIER_KEYS_COOLDOWN_MILLIS = 30_000
/** Connections to Redis. A server that does not answer a ping within twice its interval has no connection any more. */
export const REDIS_CONNECT_TIMEOUT_MILLIS = 2_000
export const REDIS_PING_MILLIS = 2_000
export const REDIS_RECONNECT_MILLIS = 250
/** How long a start, of the gateway or of a command, waits for the server. */
export const REDIS_START_MILLIS = 3_000
/** A page of keys that is read at once from the index of documents. */
export const REDIS_PAGE_KEYS = 1_000
/** How long `postern` may write to a store in Redis after it took the lock, or after its last write. */
export const REDIS_LOCK_MILLIS = 30_000
/** Used evidence is remembered for this much longer than any gateway accepts it: clocks of machines differ. */
export const REPLAY_MARGIN_SECONDS = 60

/** The store is reported as failed at most this often, and as back once no read failed for as long. */
export const STORE_EVENT_INTERVAL_MILLIS = 60_000
/** Documents whose failed reads are remembered until the store is back. */
export const STORE_EVENT_KEYS_MAX = 1_024
/**
 * Compiled configurations in memory, per isolate, by what was compiled, as a host without compressed pointers holds it. On Workers an isolate has 128 MB for
 * everything, and compiling a large document takes part of that for a moment; a server has more, and more clusters to
 * serve.
 */
export const CONFIG_CACHE_MAX_BYTES = 48 * 1024 * 1024
export const CONFIG_CACHE_SERVER_MAX_BYTES = 96 * 1024 * 1024
/** `CONFIG_CACHE_MIB` and `KEY_CACHE_MIB`: less holds no large document, more than this an isolate of Workers cannot. */
export const CACHE_MIN_MIB = 16
export const CACHE_MAX_MIB = 4_096
export const CACHE_WORKER_MAX_MIB = 64
/**
 * What is remembered beside compiled configurations grows with their memory. For each so many bytes of it one known
 * absence (500 bytes) and one cluster (150 bytes)...
 */
export const CONFIG_ABSENCE_SHARE_BYTES = 8 * 1024
export const CONFIG_ABSENCES_MIN = 4_000
/**
 * ...and one document as compiled before, as used by verified callers, as reported and as recorded (800 bytes together):
 * more than fit the cache, so that an evicted one is neither compiled free of charge nor reported again.
 */
export const CONFIG_KEY_SHARE_BYTES = 4 * 1024
export const CONFIG_KEYS_MIN = 10_000

/**
 * The share of the cache for configurations that callers with verified evidence or sessions have used. The rest is for
 * other clusters, so that a cluster can become one of the verified.
 */
export const PROVEN_SHARE_MAX = 0.75
/** Such a copy does not give way to another one so soon after its last use: with more in use than fit, some stay. */
export const PROVEN_KEEP_MILLIS = 60_000
/**
 * Compiling takes some 250 ms for a megabyte. Documents that were compiled in this isolate and evicted are compiled
 * again from a bucket of units of this many bytes, one for the document itself; one unit comes back per interval: a
 * sixteenth of one core for what anyone may ask for, half of one for what verified callers have used, at the most.
 */
export const RECOMPILE_UNIT_BYTES = 1024
export const RECOMPILE_BUCKET = 8 * 1024
export const RECOMPILE_REFILL_MILLIS = 4
export const RECOMPILE_PROVEN_BUCKET = 32 * 1024
export const RECOMPILE_PROVEN_REFILL_MILLIS = 0.5

/** What an entry takes besides what was compiled: digests, times and its place in the cache. */
export const CONFIG_ENTRY_BYTES = 1024
/** Keys whose read has failed or is under way, some 150 bytes each. */
export const TROUBLED_KEYS_MAX = 4_000
/**
 * Anyone may ask for a cluster that does not exist, and stores charge per read. To decide "unknown" takes a read of
 * every section: made-up ids may cause so many of them, and then one per interval, in each isolate. A cluster that had
 * a document within the last hour is not subject to it.
 */
export const UNKNOWN_CLUSTER_BUCKET = 100
export const UNKNOWN_CLUSTER_REFILL_MILLIS = 5_000
export const CLUSTER_KNOWN_MILLIS = 3_600_000
/** After a failed read of the store the next attempt for that key waits: doubled per failure up to the second. */
export const STORE_BACKOFF_MIN_MILLIS = 1_000
export const STORE_BACKOFF_MAX_MILLIS = 15_000
/** Of what a store says of its failure, for the audit record. */
export const STORE_REASON_MAX_LENGTH = 200
/** A file that was changed more recently may be half written: it is believed when it is the same after this time. */
export const FILE_QUIET_MILLIS = 1_000
/** How often that is tried before the read counts as failed; within the time-out of one read. */
export const FILE_QUIET_TRIES = 4
/**
 * A document that this isolate had, and now finds absent, may be in the middle of being replaced (`git pull` unlinks a
 * file and creates it anew): it is read again after this before it counts as deleted. Within one store time-out.
 */
export const ABSENCE_RECHECK_MILLIS = 1_000
/** How often a request looks whether another one's read of the store has ended. */
export const LEASE_POLL_MILLIS = 20
/** One store read may end in a second one, of the applied record; after that the lease is anyone's. */
export const LEASE_MILLIS = 2 * STORE_TIMEOUT_MILLIS + 1_000

/**
 * A file of settings, keys or certificates that an operator names. The certificates of all public authorities have some
 * 250 kB; a device or a log that is named by mistake must not fill the memory.
 */
export const OPERATOR_FILE_MAX_BYTES = 1024 * 1024

/** What one value of a store may hold: the applied record of the largest document, its string escaped and in base64. */
export const STORE_VALUE_MAX_BYTES = 16 * 1024 * 1024
/** An applied record younger than store propagation and `cacheTtl` may be newer than what this isolate has read. */
export const APPLIED_SETTLE_MILLIS = 90_000
/** A record comes into force only this long after a gateway last knew it to be in force: what was deleted by other
 * means, unseen by any gateway, does not come back months later. */
export const APPLIED_TRUST_MAX_MILLIS = 7 * 24 * 3_600_000
/** While a version is in force its record is sealed again once it was confirmed longer ago than this. */
export const APPLIED_CONFIRM_MILLIS = 24 * 3_600_000
/** Versions that a contested record names; with more, the oldest gives way. */
export const CONTESTED_RIVALS_MAX = 16
/** A decision by a contested version is not marked again sooner: cold isolates may be many, and a write is dear. */
export const CONTESTED_MARK_MILLIS = 10_000
/** What one isolate read before, per document: enough to know the order of versions that follow each other quickly. */
export const READ_TRAIL_MAX = 4
/**
 * Findings across sections that one isolate remembers, of each kind: those of a healthy cluster take less than a
 * kilobyte.
 */
export const FINDINGS_MEMO_MAX = 1024
export const FINDINGS_MEMO_MAX_BYTES = 1024 * 1024
/** After a failed write of an applied record, doubled per failure; KV takes one write per second per key. */
export const APPLIED_BACKOFF_MIN_MILLIS = 5_000
export const APPLIED_BACKOFF_MAX_MILLIS = 600_000
/** A key that seals must not be guessable: as long as the output of its hash (RFC 7518 section 3.2). */
export const SEAL_KEY_MIN_BYTES = 32

/** Workers KV rejects a shorter `cacheTtl`. */
export const KV_CACHE_TTL_MIN_SECONDS = 30

/**
 * `SESSION_TTL_SECONDS`: a shorter session expires before its agent has used it, and a longer one outlives what it was
 * issued for by more than a day.
 */
export const SESSION_TTL_MIN_SECONDS = 60
export const SESSION_TTL_MAX_SECONDS = 24 * 3600
/** Sessions live this long where `SESSION_TTL_SECONDS` is not set. */
export const SESSION_TTL_DEFAULT_SECONDS = 3600
/** `max-age` of the published session keys, so a new key must be published this long before it signs. */
export const PUBLISHED_MAX_AGE_SECONDS = 300

/**
 * `CLOCK_SKEW_SECONDS`: a token is accepted this much longer than its times allow. Hosts that keep time by NTP differ by far less
 * than the default; more than a minute would hide a clock that is wrong.
 */
export const CLOCK_SKEW_DEFAULT_SECONDS = 30
export const CLOCK_SKEW_MAX_SECONDS = 60

/** `kid` of a session key: every session contains it, and a thumbprint (RFC 7638) has 43 characters. */
export const SESSION_KID_MAX_LENGTH = 256

/** A session token; larger ones do not fit the headers of common proxies. */
export const SESSION_MAX_BYTES = 8 * 1024

/** One attribute name. A Kubernetes label key has at most 317 characters, an EC2 tag key 128. */
export const ATTRIBUTE_NAME_MAX_LENGTH = 512

/** An unknown attribute's name in a refusal or an issue: most names fit whole. */
export const UNKNOWN_ATTRIBUTE_QUOTED_MAX = 128

/** Names of attributes that one of two generations remembers once they were resolved; together at most 4 MiB. */
export const RESOLVED_NAMES_MAX = 2048

/** One attribute value. */
export const ATTRIBUTE_VALUE_MAX_BYTES = 16 * 1024

/** Values of one multi-valued attribute: an Entra token names up to 200 groups. */
export const ATTRIBUTE_VALUES_MAX = 1024

/** Templates and what they yield. */
export const TEMPLATE_MAX_LENGTH = 4096
export const TEMPLATE_MAX_PARTS = 128
/** Filters of one reference: each reads the whole value again. */
export const REFERENCE_FILTERS_MAX = 16
export const FILTER_OUTPUT_MAX_BYTES = 2048
export const CLAIM_VALUE_MAX_BYTES = 8 * 1024

/** SPIFFE-ID section 2.3: implementations must support 2048 bytes and should not generate more. */
export const SPIFFE_ID_MAX_BYTES = 2048
export const TRUST_DOMAIN_MAX_BYTES = 255

/** RFC 1035 section 2.3.4: a name has at most 253 characters, a label 63. */
export const DNS_NAME_MAX_BYTES = 253
export const DNS_LABEL_MAX_BYTES = 63

/** The type of a subject attribute as a dotted OID: those in use have fewer than thirty characters. */
export const SUBJECT_OID_MAX_LENGTH = 64

/** A value of a subject attribute for which RFC 5280 states no bound. */
export const SUBJECT_VALUE_MAX_LENGTH = 256

/** Conditions. */
export const CONDITION_MAX_LENGTH = 4096
export const CONDITIONS_PER_POLICY_MAX = 32
/** Of one document: to compile them all takes a second or two at the worst. */
export const CONDITIONS_PER_DOCUMENT_MAX = 10_000
export const PATTERNS_PER_DOCUMENT_MAX = 1000
/**
 * Steps for building all patterns of a document. The maximum number of typical patterns takes a third of it; the worst
 * patterns take some tens of thousands of steps each. A step takes some 100 ns.
 */
export const PATTERN_STEPS_PER_DOCUMENT_MAX = 6_000_000
/** The message of a condition appears in responses and audit records. */
export const CONDITION_MESSAGE_MAX_LENGTH = 512
export const CONDITION_FUEL = 100_000
export const CONDITION_FUEL_PER_REQUEST = 1_000_000
/**
 * For choosing overrides, their conditions and the rendering of templates: a thousand workloads share it. A unit takes
 * at most some 40 ns, so that no policy makes a request for claims take longer than half a second more than its body
 * does.
 */
export const CLAIMS_FUEL_PER_REQUEST = 10_000_000
/** What is rendered for one workload, as JSON: a token of this size fits no header, and a certificate no handshake. */
export const WORKLOAD_ANSWER_MAX_BYTES = 64 * 1024
/** What is rendered for all workloads of a request, as JSON: 16 KiB for each of a thousand. */
export const CLAIMS_ANSWER_MAX_BYTES = 16 * 1024 * 1024
/** Warnings that one workload's result lists; the last one states the count of the rest. */
export const WORKLOAD_WARNINGS_MAX = 32

/**
 * Levels within one expression, which CEL's conformance tests ask for (`parse/nest`), and its parts: 32 clauses are far
 * fewer.
 */
export const CONDITION_DEPTH_MAX = 32
export const CONDITION_NODES_MAX = 512
/** Loops (`all`, `exists`, `exists_one`) within loops: each level multiplies the work. */
export const CONDITION_LOOPS_MAX = 4
/** Distinct attributes that one expression reads: the slots of the policy VM. */
export const CONDITION_ATTRIBUTES_MAX = 64
/** Bytecode, constants and patterns of one expression. */
export const CONDITION_PROGRAM_MAX_BYTES = 64 * 1024
/** What the attributes that one expression reads take as UTF-8, with 8 bytes for each element of a list. */
export const CONDITION_INPUT_MAX_BYTES = 256 * 1024

/** Distinct patterns in one expression: to compile one may take some milliseconds. */
export const CONDITION_PATTERNS_MAX = 16

/** Patterns of `matches`. RE2 stops at a thousand repetitions as well. */
export const PATTERN_MAX_LENGTH = 1024
export const PATTERN_DEPTH_MAX = 32
export const PATTERN_REPEAT_MAX = 1000
export const PATTERN_NFA_MAX_INSTRUCTIONS = 2000
/** A pattern whose DFA is larger than this, or takes more steps to build, is run as an NFA. */
export const PATTERN_DFA_MAX_STATES = 1024
export const PATTERN_DFA_MAX_BYTES = 16 * 1024
export const PATTERN_DFA_MAX_STEPS = 20_000

/** Clusters that may have a label of their own in metrics: each makes a series for every attestor, result and reason that occurs. */
export const METRICS_CLUSTERS_MAX = 1000
/**
 * Measurements that are held for Prometheus before they are added to their series, or until a scrape. One after another they cost a
 * tenth of what they do between the steps of a login, where neither their code nor their data is in the processor's caches.
 */
export const METRICS_HELD_MAX = 1024

/** The fragment of a playground link: browsers take 2 MB, chat programs and issue trackers far less. */
export const SHARED_LINK_MAX_LENGTH = 32 * 1024
/** What it unpacks to: deflate can make a thousand bytes of one. */
export const SHARED_STATE_MAX_BYTES = 512 * 1024
