/// Which of our users is which approver: the appliance's list (hsm/approvers.h), looked at for showing only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hsm/approvers.h"
#include "web-admin/server/visit.h"

namespace privyseal::web {

/// Nobody, when there is no list or when it is spoilt.
[[nodiscard]] std::vector<hsm::ApproverLine> approvers(const Visit& visit);

struct OwnApprover {
  std::string person;             ///< as the list calls the user
  std::vector<Passkey> passkeys;  ///< those of his that are listed
};
/// None: no passkey of the user is listed.
[[nodiscard]] Result<std::optional<OwnApprover>> own_approver(const Visit& visit);

/// The lines for the provisioning file, of the user's passkeys that can approve.
[[nodiscard]] Result<std::vector<std::string>> own_lines(const Visit& visit);

/// A proposal for a person's name, of the address's first part: "alice.archer@..." is "alice-archer". Pure.
[[nodiscard]] std::string approver_name(std::string_view email);

}  // namespace privyseal::web
