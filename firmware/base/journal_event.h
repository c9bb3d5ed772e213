/// The events that other programs may wait for: each has an id of its own in the journal (MESSAGE_ID,
/// systemd.journal-fields(7)), which stays when words change: `journalctl MESSAGE_ID=...`.
///
/// A line on standard error cannot carry an id, so that such an event goes to the journal's own socket, if
/// standard error is the journal (JOURNAL_STREAM, systemd.exec(5)); else, and if the socket does not take it,
/// it is a line as all others. The fields are those of the line: never an address, a subject or a body.
///
/// firmware/README.md has the same table for people; a test compares them.
///
/// Threads: any.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "firmware/base/log.h"

namespace privyseal {

struct JournalEvent {
  std::string_view event;  ///< as log_event is given it
  std::string_view id;     ///< 128 bits, hexadecimal; never used for anything else
};

inline constexpr std::array kJournalEvents{
    JournalEvent{"gateway-ready", "874968a97f6640fdba5aeace48395219"},
    JournalEvent{"gateway-stopped", "a9186fa59b274c388a9ea17ab8ea5467"},
    JournalEvent{"gateway-not-started", "cee94e4626dd4f479a400e8f0b1e94e0"},
    JournalEvent{"keyd-ready", "57cf9705dc1b4fe8864dbfd3cf66257d"},
    JournalEvent{"renewd-ready", "bdb65c88621a4702aa13eb244587e973"},
    JournalEvent{"console-ready", "0e5bff03911c4d61a561dd1aba8b77d0"},
    JournalEvent{"line-switched", "400156f85c084805bca549b287279fa0"},
    JournalEvent{"next-hop-failed", "bfa93efe676a4cee9c6712d3165a7e9a"},
    JournalEvent{"next-hop-paused", "9fcc7397752b4bb595b5a73cf0fab7f5"},
    JournalEvent{"next-hop-back", "fb9fcc47ef33498fb7220a77def65adf"},
    JournalEvent{"identity-in-use", "58cce406640943a6abda56dba4e1bcce"},
    JournalEvent{"identity-not-loaded", "fc537b50272747faa20cf2f1f0e40908"},
    JournalEvent{"renewal-stands-still", "3e71bcda93ef4c6abacd8c080a3903c2"},
    JournalEvent{"ledger-not-writable", "e7af67bafe2e44e8a91a2c5683456d7d"},
    JournalEvent{"ledger-not-purged", "5bceb1b014bb40578d2a0b076f0c73df"},
    JournalEvent{"ledger-purge-waits", "17af3a4e5b4b456eb7c0a1275cfe6efb"},
    JournalEvent{"checkpoint-not-signed", "25b69ddcaa6c458eb2edd4b05e6696dc"},
    JournalEvent{"checkpoints-signed-again", "ea1edc83c8894af788cfbc462b0985fa"},
    JournalEvent{"token-lost", "d6c6e32c51fc4baaab4705fc9e966622"},
    JournalEvent{"token-back", "9b31291be62749a8a1b2a9afa1633037"},
    JournalEvent{"token-hangs", "a0c01c9ccb08453b9966dd3649e9be36"},
    JournalEvent{"pin-refused", "ad926eb549f8402f9aead7d91ca383ab"},
    JournalEvent{"policy-in-use", "211b5fb02339470a9e3a8a64f7280481"},
    JournalEvent{"policy-not-loaded", "61da8c8b4f124ec7a335f23c9232bf66"},
    JournalEvent{"rate-reached", "0c4ea86f231f44dd8c1d368aa3b38076"},
    JournalEvent{"scanner-unavailable", "b1cf8b4dda03416fa50f7575969d7ded"},
    JournalEvent{"firewall-up", "318e442508d5eadd3174b64b0068b758"},
    JournalEvent{"firewall-down", "649288ab60cc392e06826f86ac304453"},
    JournalEvent{"firewall-changed", "940a767043891de070442c00d61ae2f3"},
    JournalEvent{"firewall-not-loaded", "ed4465039b6cb968a7e5875cda7365e4"},
    JournalEvent{"firewall-not-read", "31f7cb60cd771e29fb9eb0bb279e2ad1"},
    JournalEvent{"firewall-not-watched", "fb8d334745067a1d4fbcf54be410b4ab"},
};

/// Empty: it has none.
[[nodiscard]] std::string_view message_id(std::string_view event);

/// One entry in the journal's own form (systemd.io/JOURNAL_NATIVE_PROTOCOL). `line` as format_event gives it:
/// it has no line end, so that no value can forge a field.
[[nodiscard]] std::string journal_entry(LogLevel level, std::string_view event, std::string_view line);

/// False: nobody took it.
[[nodiscard]] bool send_to_journal(const std::string& socket, std::string_view entry);

/// Whether standard error is the stream that systemd made for this service.
[[nodiscard]] bool is_journal(const char* journal_stream, int fd);

}  // namespace privyseal
