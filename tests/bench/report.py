"""What every bench hands out: a table for a person and, on request, JSON for a tool."""

import json
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Report:
    rows: list[dict[str, str | float]] = field(default_factory=list)
    ratios: dict[str, float] = field(default_factory=dict)

    def add(self, case: str, metric: str, value: float, unit: str) -> None:
        self.rows.append({"case": case, "metric": metric, "value": round(value, 4), "unit": unit})

    def print(self) -> None:
        wide = max((len(str(row["case"])) for row in self.rows), default=4)
        long = max((len(str(row["metric"])) for row in self.rows), default=6)
        for row in self.rows:
            print(f"{row['case']:<{wide}}  {row['metric']:<{long}}  {row['value']:>10,.2f} {row['unit']}")
        for name, ratio in self.ratios.items():
            print(f"ratio {name} = {ratio:.2f}")

    def write(self, file: Path) -> None:
        ratios = {name: round(value, 4) for name, value in self.ratios.items()}
        file.write_text(json.dumps({"rows": self.rows, "ratios": ratios}, indent=1) + "\n")
