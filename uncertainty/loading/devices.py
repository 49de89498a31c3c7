"""Which devices torch finds on this machine, and which of them `device` and `device_map` name."""

import torch

Device = int | str | torch.device
DeviceMap = str | dict[str, Device]

DEVICE_MAP_NAMES = ("auto", "balanced", "balanced_low_0", "sequential")


def available_devices() -> list[torch.device]:
    """Return the CPU, then every GPU or other accelerator that torch can use here."""
    devices = [torch.device("cpu")]
    if torch.accelerator.is_available():
        accelerator = torch.accelerator.current_accelerator()
        assert accelerator is not None
        for index in range(torch.accelerator.device_count()):
            devices.append(torch.device(accelerator.type, index))
    return devices


def default_device() -> torch.device:
    """Return "cuda" where there is one, else "cpu"."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def checked_device(device: Device, *, argument: str = "device") -> torch.device:
    """Return a device of this machine, as torch names it.

    Args:
        device: a name, a torch.device, or the index of a GPU.
        argument: what the error message calls it.

    Raises:
        ValueError: torch does not know that device, or does not find it on this machine.
    """
    chosen = _find_device(device)
    if chosen is None:
        names = ", ".join(repr(str(available)) for available in available_devices())
        raise ValueError(
            f"{argument}={device!r} is not a device that torch {torch.__version__} finds on this "
            f"machine; choose from {names}."
        )
    return chosen


def check_device_map(device_map: DeviceMap) -> None:
    """Refuse a device map that accelerate does not know or that this machine cannot hold.

    Raises:
        ValueError: an unknown name, an empty dict, or a dict with a device that torch does not
            find here.
    """
    if not isinstance(device_map, dict):
        if device_map not in DEVICE_MAP_NAMES:
            raise ValueError(
                f"device_map={device_map!r} is not known; use 'auto', another of "
                f"{DEVICE_MAP_NAMES}, or a dict from module names to devices."
            )
        return
    if not device_map:
        raise ValueError(
            "device_map={} places no weights; use 'auto', or {'': 'cpu'} for the whole model."
        )
    for module, device in device_map.items():
        if device != "disk":
            checked_device(device, argument=f"device_map[{module!r}]")


def device_types(device: torch.device, device_map: DeviceMap | None) -> set[str]:
    """Return the types of the devices that may receive weights, such as "cpu", "cuda" or "mps".

    Args:
        device: receives all weights when there is no map.
        device_map: has passed `check_device_map`.
    """
    return {used.type for used in used_devices(device, device_map)}


def cards_without_bfloat16(device: torch.device, device_map: DeviceMap | None) -> str:
    """Return the name of a CUDA card that may receive weights and has no bfloat16, or "".

    Cards before compute capability 8 (Turing, such as the T4, and Volta) emulate it slowly.

    Args:
        device, device_map: as for `device_types`.
    """
    for place in used_devices(device, device_map):
        if place.type == "cuda" and torch.cuda.get_device_capability(place)[0] < 8:
            return str(place)
    return ""


def used_devices(device: torch.device, device_map: DeviceMap | None) -> list[torch.device]:
    """Return the devices that may receive weights; "disk" counts as none.

    Args:
        device, device_map: as for `device_types`.
    """
    if device_map is None:
        return [device]
    if isinstance(device_map, dict):
        places = [place for place in device_map.values() if place != "disk"]
        return list(dict.fromkeys(checked_device(place) for place in places))
    return available_devices()  # accelerate fills every GPU


def _find_device(device: Device) -> torch.device | None:
    available = available_devices()
    if type(device) is int:  # accelerate, too, counts the GPUs only
        gpus = available[1:]
        return gpus[device] if 0 <= device < len(gpus) else None
    try:
        named = torch.device(device)
    except (RuntimeError, TypeError):  # torch knows no such name, or no such index
        return None
    if named.type == "cpu":  # "cpu:0" is the same
        return named
    for found in available:
        if named.type == found.type and named.index in (None, found.index):
            return named
    return None
