/// What the door answers: a table of operations over the renewals, the authority and the audit log.
///
/// Threads: the loop's. Ownership: all it is given must outlive it.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "ca/renewd/renewal.h"
#include "firmware/base/audit/signer.h"
#include "firmware/base/door.h"
#include "firmware/base/json.h"

namespace privyseal::renewd {

/// Who may ask for what. What is not listed is denied.
[[nodiscard]] std::span<const DoorGrant> grants();

class Desk {
 public:
  Desk(Services& services, std::span<const std::unique_ptr<Renewal>> renewals, audit::Signer& signer);

  [[nodiscard]] Result<JsonObject> answer(const DoorRequest& request);

 private:
  using Operation = Result<JsonObject> (Desk::*)(const DoorRequest&);
  struct Row {
    std::string_view name;
    Operation operation;
  };

  Result<JsonObject> status(const DoorRequest& request);
  Result<JsonObject> list(const DoorRequest& request);
  Result<JsonObject> csr(const DoorRequest& request);
  Result<JsonObject> request_certificate(const DoorRequest& request);
  Result<JsonObject> import(const DoorRequest& request);
  Result<JsonObject> activate(const DoorRequest& request);
  Result<JsonObject> roll_back(const DoorRequest& request);
  Result<JsonObject> renew(const DoorRequest& request);
  Result<JsonObject> issue(const DoorRequest& request);
  Result<JsonObject> issue_list(const DoorRequest& request);
  Result<JsonObject> own_ca(const DoorRequest& request);
  Result<JsonObject> crl(const DoorRequest& request);
  Result<JsonObject> audit(const DoorRequest& request);

  Result<Renewal*> renewal_of(const DoorRequest& request) const;
  Result<JsonObject> view_of(const Renewal& renewal) const;
  Result<Issuing*> issuing() const;

  Services& services_;
  const std::span<const std::unique_ptr<Renewal>> renewals_;
  audit::Signer& signer_;
  const WallTime since_;
};

}  // namespace privyseal::renewd
