/// Counts what the gateway does, for whoever watches it from outside (`privyseal metrics`).
///
/// Since the start of the process; the ledger has the evidence. Nothing that could name a person or a mail.
///
/// Threads: any.
#pragma once

#include <map>
#include <string>
#include <tuple>

#include "firmware/base/guarded.h"
#include "firmware/base/metrics_text.h"
#include "firmware/gateway/mail_record.h"
#include "firmware/tls/session_facts.h"

namespace privyseal::gateway {

class Meter {
 public:
  enum class Role { kServer, kClient };

  void mail(Direction direction, const MailEnd& end);
  void handshake(Role role, const tls::SessionFacts& facts);
  void failed_handshake(Role role);
  /// A command that needs TLS was answered 530.
  void refused_plaintext();
  /// A mail began in clear, as an exception allows.
  void took_clear();

  void write(MetricsText& text) const;

 private:
  struct Counts {
    std::map<std::pair<std::string, std::string>, std::uint64_t> mails;  // direction, outcome
    Histogram bytes;
    std::map<std::string, Histogram> stages;
    std::map<std::array<std::string, 4>, std::uint64_t> handshakes;  // role, version, group, result
    std::map<std::string, Histogram> handshake_times;                // role
    std::uint64_t plaintext_refused = 0;
    std::uint64_t clear_taken = 0;
    Counts();
  };

  mutable Guarded<Counts> counts_;
};

}  // namespace privyseal::gateway
