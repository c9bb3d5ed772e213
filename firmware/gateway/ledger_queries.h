/// What is asked of the ledger's tables, in one place: a test sees that no search reads a table from end to
/// end.
///
/// Parameters of the searches: ?1 only before this id, ?2 opened then or later, ?3 opened before, ?4 outcome
/// ('': any), ?5 how many, ?6 and ?7 the first and the last word, ?8 and ?9 the days of ?2 and ?3.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace privyseal::gateway::queries {

/// The columns of a MailRow, in the order in which ledger_reader.cc reads them.
#define PRIVYSEAL_MAIL_ROW                                                                                \
  "SELECT mail.id, opened_at, closed_at, direction, client_address, sender, recipients, size_bytes, hop," \
  " outcome, reply, opened_seq, closed_seq,"                                                              \
  " session_id, tls_version, tls_group, tls_suite, peer_subject, peer_serial, peer_issuer, resumed,"      \
  " signatures, handshake_ms,"                                                                            \
  " lan_session_id, lan_tls_version, lan_tls_group, lan_tls_suite, lan_peer_subject, lan_peer_serial,"    \
  " lan_peer_issuer, lan_resumed, lan_signatures, lan_handshake_ms,"                                      \
  " message_id, marking, verdict, connect_ms, record_ms, body_ms, verdict_ms"
/// Behind them, for a search that looks at the mails' words one by one (ledger_words.h).
#define PRIVYSEAL_MAIL_WORDS ", sender, recipients, session_id, lan_session_id, message_id"
#define PRIVYSEAL_MAIL_FILTER " opened_at >= ?2 AND opened_at < ?3 AND (?4 = '' OR outcome = ?4)"

/// Newest first is by time here; the one with the id ?1 and later ones are left out. A "+" keeps a condition
/// from being taken for the index: the one that bounds it best is left.
#define PRIVYSEAL_BEFORE                                                                       \
  " opened_at >= ?2 AND opened_at <= coalesce((SELECT opened_at FROM mail WHERE id = ?1), ?3)" \
  " AND +opened_at < ?3"                                                                       \
  " AND (+opened_at, id) < (coalesce((SELECT opened_at FROM mail WHERE id = ?1), ?3), ?1)"     \
  " ORDER BY opened_at DESC, id DESC LIMIT ?5"
inline constexpr std::string_view kByTime =
    PRIVYSEAL_MAIL_ROW PRIVYSEAL_MAIL_WORDS " FROM mail INDEXED BY mail_opened_at WHERE" PRIVYSEAL_BEFORE;
inline constexpr std::string_view kByOutcome = PRIVYSEAL_MAIL_ROW PRIVYSEAL_MAIL_WORDS
    " FROM mail INDEXED BY mail_outcome WHERE outcome = ?4 AND" PRIVYSEAL_BEFORE;

/// One word, which may be in every mail: the words' own order is the answer's, so that it ends after ?5 of
/// them.
inline constexpr std::string_view kByWord = PRIVYSEAL_MAIL_ROW
    " FROM mail_key CROSS JOIN mail ON mail.id = mail_key.mail"
    " WHERE key = ?6 AND ?7 = ?6 AND day BETWEEN ?8 AND ?9 AND mail.id < ?1 AND" PRIVYSEAL_MAIL_FILTER
    " ORDER BY day DESC, mail_key.mail DESC LIMIT ?5";
/// All words from ?6 to ?7.
inline constexpr std::string_view kByBeginning = PRIVYSEAL_MAIL_ROW
    " FROM mail WHERE id IN (SELECT mail FROM mail_key WHERE key >= ?6 AND key < ?7 AND day BETWEEN ?8 AND "
    "?9)"
    " AND id < ?1 AND" PRIVYSEAL_MAIL_FILTER " ORDER BY id DESC LIMIT ?5";
/// Whether mails have more than ?3 words from ?1 to ?2.
inline constexpr std::string_view kManyMails =
    "SELECT 1 FROM mail_key WHERE key BETWEEN ?1 AND ?2 LIMIT 1 OFFSET ?3";
/// Whether any mail has a word from ?1 to ?2.
inline constexpr std::string_view kAnyMail = "SELECT 1 FROM mail_key WHERE key BETWEEN ?1 AND ?2 LIMIT 1";

/// Of every domain in an envelope since the day ?1: in how many mails, and the last day.
inline constexpr std::string_view kDomains =
    "SELECT key, count(*), max(day) FROM mail_key WHERE key >= '@' AND key < 'A' AND day >= ?1"
    " GROUP BY key ORDER BY 2 DESC, 1";

inline constexpr std::string_view kOne = PRIVYSEAL_MAIL_ROW " FROM mail WHERE id = ?1";

inline constexpr std::string_view kFlow =
    "SELECT substr(opened_at, 1, 16), outcome, count(*) FROM mail WHERE opened_at >= ?1 GROUP BY 1, 2";
/// Of the mails with a session (those in clear have one without TLS): how many, over TLS 1.3, with a key
/// exchange that a quantum computer does not break; towards CJSM and inside.
inline constexpr std::string_view kTls =
    "SELECT count(session_id), coalesce(sum(tls_version = 'TLSv1.3'), 0),"
    " coalesce(sum(tls_group LIKE '%MLKEM%'), 0), count(lan_session_id),"
    " coalesce(sum(lan_tls_version = 'TLSv1.3'), 0), coalesce(sum(lan_tls_group LIKE '%MLKEM%'), 0)"
    " FROM mail INDEXED BY mail_opened_at WHERE opened_at >= ?1";
inline constexpr std::string_view kToday =
    "SELECT outcome, count(*) FROM mail INDEXED BY mail_opened_at WHERE opened_at >= ?1 GROUP BY outcome";

inline constexpr std::string_view kOldest = "SELECT coalesce(min(opened_at), '') FROM mail";
inline constexpr std::string_view kNewest = "SELECT coalesce(max(opened_at), '') FROM mail";
/// Reads an index from end to end, the smallest there is.
inline constexpr std::string_view kCount = "SELECT count(*) FROM mail";

// The relay is the hop of mail out; when it is away, or its verdict was not heard, the mail is one of these.
inline constexpr std::string_view kLastFailure =
    "SELECT * FROM (SELECT coalesce(closed_at, ''), coalesce(reply, '') FROM mail"
    " WHERE outcome = 'deferred' AND direction = 'out' ORDER BY opened_at DESC LIMIT 1)"
    " UNION ALL SELECT * FROM (SELECT coalesce(closed_at, ''), coalesce(reply, '') FROM mail"
    " WHERE outcome = 'unknown' AND direction = 'out' ORDER BY opened_at DESC LIMIT 1)"
    " ORDER BY 1 DESC LIMIT 1";
inline constexpr std::string_view kLastDelivered =
    "SELECT coalesce(closed_at, '') FROM mail WHERE outcome = 'delivered' AND direction = 'out'"
    " ORDER BY opened_at DESC LIMIT 1";

/// Each that a person waits for.
inline constexpr std::array kAll{kByTime,  kByOutcome, kByWord, kByBeginning, kManyMails,
                                 kAnyMail, kDomains,   kOne,    kFlow,        kTls,
                                 kToday,   kOldest,    kNewest, kLastFailure, kLastDelivered};

#undef PRIVYSEAL_MAIL_ROW
#undef PRIVYSEAL_MAIL_WORDS
#undef PRIVYSEAL_MAIL_FILTER
#undef PRIVYSEAL_BEFORE

}  // namespace privyseal::gateway::queries
