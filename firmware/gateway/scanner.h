/// The malware scanner of the organisation, and one mail's way past it.
///
/// The mail streams to the scanner while it streams to the next hop; the caller withholds the end of data
/// until finish() says kClean. Every fault (no scanner, a slow one, one that hangs up, garbage, an
/// answer before the end of the mail) is kFailed or an error, never kClean.
///
/// Memory: 16 KiB a mail and the scanner's answer (scan::kMaxAnswerBytes). The connection is in clear: the
/// settings allow a Unix socket or loopback only.
///
/// Threads: the loop of its session. Ownership: the settings must outlive it.
#pragma once

#include <chrono>
#include <memory>

#include "firmware/base/bytes.h"
#include "firmware/base/result.h"
#include "firmware/gateway/settings.h"
#include "firmware/scan/undot.h"
#include "firmware/scan/verdict.h"
#include "firmware/tls/net.h"

namespace privyseal::gateway {

class Scan {
 public:
  explicit Scan(const ScannerSettings& settings);
  ~Scan();  // the scanner loses its connection
  Scan(const Scan&) = delete;
  Scan& operator=(const Scan&) = delete;

  /// kUnavailable, kTimeout: no scanner.
  [[nodiscard]] net::awaitable<Result<void>> open();
  /// Bytes of the mail as they go to the hop, dots stuffed. kUnavailable: the message has what it said, if
  /// anything. kTimeout: it does not read.
  [[nodiscard]] net::awaitable<Result<void>> write(ByteView stuffed);
  /// The mail is whole.
  [[nodiscard]] net::awaitable<scan::Verdict> finish();

 private:
  struct Connection;

  net::awaitable<Result<void>> send(std::string_view head, ByteView piece, std::string_view tail);
  net::awaitable<Result<void>> flush();
  net::awaitable<scan::Verdict> hear();
  [[nodiscard]] std::string said_so_far();

  const ScannerSettings& settings_;
  std::unique_ptr<Connection> connection_;
  scan::Undot undot_;
  Bytes piece_;  // of the mail, not yet sent
};

}  // namespace privyseal::gateway
