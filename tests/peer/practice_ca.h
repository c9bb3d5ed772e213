/// A stand-in for the Egress/MoJ CA: enrols by EST over TLS 1.3, and by hand through folders.
///
/// It is the appliance's own issuing CA (ca/authority) with another profile, its key in a file, and
/// TLS by mbed TLS. Its folder:
///     ca.db, ca.key, root.pem   made once
///     requests/NAME.csr         PEM requests that somebody put there; gone when answered
///     answers/NAME.pem          the certificate; or NAME.refused: why not
///     approve                   a file of this name says yes to everything that waits, and goes
///
/// Threads: connections are served by a thread of its own, one after the other; every member may be
/// called from any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "firmware/base/result.h"

namespace privyseal::peer {

struct PracticeCaOptions {
  std::filesystem::path folder;        ///< must be there
  std::string host;                    ///< whose name the EST server's own certificate has
  std::vector<std::string> domains{};  ///< at or below which names are enrolled
  std::string profile = "egress-gateway";
  std::string user{};  ///< for enrolment with a password; empty: only renewal
  std::string password{};
  bool with_approval = false;
  std::uint16_t port = 0;  ///< on 127.0.0.1; 0: a free one
};

class PracticeCa {
 public:
  [[nodiscard]] static Result<std::unique_ptr<PracticeCa>> open(PracticeCaOptions options);
  /// Ends the service, after the connection that is open now.
  ~PracticeCa();
  PracticeCa(const PracticeCa&) = delete;  // its thread knows its address
  PracticeCa& operator=(const PracticeCa&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::string root_pem() const;
  /// Answers what lies in requests/, and looks at `approve`.
  [[nodiscard]] Result<void> serve_folders();
  /// How many have been issued for the profile.
  [[nodiscard]] std::size_t issued() const;

 private:
  struct State;
  explicit PracticeCa(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace privyseal::peer
