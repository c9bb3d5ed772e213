/// The server side of EST (RFC 7030) over an Authority, without HTTP and TLS: who asked, and what
/// is answered.
///
/// Threads: the Authority's. Ownership: the authority must outlive it.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "ca/authority/authority.h"
#include "ca/certificate.h"
#include "firmware/base/bytes.h"

namespace privyseal::authority {

/// How TLS or HTTP made out who is asking (RFC 7030 section 3.2.3, 3.3.2). The transport has
/// verified a certificate's chain against the authority's root and the proof of its key.
struct EstCaller {
  std::string password_user{};                   ///< HTTP Basic, password verified; empty: none
  std::optional<ca::Certificate> certificate{};  ///< TLS client certificate
};

struct EstRequest {
  std::string method{};        ///< "GET"
  std::string target{};        ///< the path, as on the request line
  std::string content_type{};  ///< header values; empty: absent
  std::string body{};
  EstCaller caller{};
};

struct EstReply {
  int status = 500;
  std::string content_type;
  std::string transfer_encoding;                    ///< Content-Transfer-Encoding; empty: leave out
  std::optional<std::chrono::seconds> retry_after;  ///< Retry-After
  std::string authenticate;                         ///< WWW-Authenticate; empty: leave out
  std::string allow;                                ///< Allow, with 405
  std::string body;
};

struct EstResponderSettings {
  std::string profile;  ///< what is enrolled here: one profile a responder
  std::chrono::seconds retry_after{60};
};

class EstResponder {
 public:
  EstResponder(Authority& authority, EstResponderSettings settings);

  /// Total: every request gives a reply. The peer learns a reason only when it is his to mend.
  [[nodiscard]] EstReply answer(const EstRequest& request);

 private:
  EstReply enroll(const EstRequest& request);
  EstReply reenroll(const EstRequest& request);
  EstReply decide(const EstRequest& request, const std::string& requester);

  Authority& authority_;
  const EstResponderSettings settings_;
};

}  // namespace privyseal::authority
