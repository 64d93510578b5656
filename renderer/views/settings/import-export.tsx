import { FileTrigger } from "react-aria-components";
import { describeFaults, type Settings, settings as schema } from "../../../shared/settings.ts";
import { messageOf } from "../../api/errors.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/button.tsx";
import { saveFile } from "../../ui/clipboard.ts";
import { useToast } from "../../ui/toasts.tsx";

/** Far beyond any settings file. */
const LARGEST = 1024 * 1024;

/** A file read in becomes the draft: nothing is saved before the person says so. Secrets stand in neither. */
export function ImportExport({ settings, onImport }: { settings: Settings; onImport: (settings: Settings) => void }) {
  const toast = useToast();
  const read = async (files: FileList | null) => {
    const file = files?.[0];
    if (file === undefined) return;
    try {
      if (file.size > LARGEST) throw new Error(strings.settings.tooLarge);
      const parsed = schema.safeParse(JSON.parse(await file.text()));
      if (parsed.success) onImport(parsed.data);
      else toast(`${strings.settings.notSettings} ${describeFaults(parsed.error).slice(0, 3).join("; ")}`, "error");
    } catch (error) {
      toast(error instanceof SyntaxError ? strings.settings.notSettings : messageOf(error), "error");
    }
  };
  return (
    <>
      <FileTrigger acceptedFileTypes={["application/json"]} onSelect={(files) => void read(files)}>
        <Button small>{strings.settings.import}</Button>
      </FileTrigger>
      <Button small onPress={() => saveFile("gatelight-settings.json", `${JSON.stringify(settings, null, 2)}\n`)}>
        {strings.settings.export}
      </Button>
    </>
  );
}
