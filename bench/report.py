"""How a figure is printed: what it is, what was measured, what the budget says, and what it is compared with."""


def line(what: str, measured: str, *, budget: str = "", beside: str = "", kept: bool | None = None) -> None:
    mark = {True: "  kept", False: "  OVER", None: ""}[kept]
    told = f"{what:<58} {measured:>14}"
    if budget:
        told += f"   budget {budget}{mark}"
    if beside:
        told += f"   ({beside})"
    print(told, flush=True)
