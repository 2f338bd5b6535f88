import com.helger.commons.io.resource.FileSystemResource;
import com.helger.phive.api.execute.ValidationExecutionManager;
import com.helger.phive.api.executorset.ValidationExecutorSetRegistry;
import com.helger.phive.api.validity.IValidityDeterminator;
import com.helger.phive.en16931.EN16931Validation;
import com.helger.phive.xml.source.IValidationSourceXML;
import com.helger.phive.xml.source.ValidationSourceXML;
import java.io.File;
import java.util.Arrays;

/** Validates the XML files of a folder by the schemas of UBL 2.1 and the rules of EN 16931. */
public class Validate {
  public static void main(String[] args) {
    var registry = new ValidationExecutorSetRegistry<IValidationSourceXML>();
    EN16931Validation.initEN16931(registry);
    var invoices = registry.getOfID(EN16931Validation.VID_UBL_INVOICE_1312);
    var creditNotes = registry.getOfID(EN16931Validation.VID_UBL_CREDIT_NOTE_1312);
    File[] files = new File(args[0]).listFiles((folder, name) -> name.endsWith(".xml"));
    Arrays.sort(files);
    int broken = 0;
    for (File file : files) {
      var rules = file.getName().startsWith("creditnote") ? creditNotes : invoices;
      var results = ValidationExecutionManager.executeValidation(IValidityDeterminator.createDefault(), rules,
          ValidationSourceXML.create(new FileSystemResource(file)));
      if (results.isEmpty() || !results.containsNoError()) {
        broken++;
        System.err.println(file.getName() + " is not valid");
        results.getAllErrors().forEach(e -> System.err.println("  " + e.getErrorID() + " " + e.getErrorText(null)));
      }
    }
    System.out.println(files.length + " documents, " + broken + " not valid by EN 16931 1.3.12");
    System.exit(broken > 0 || files.length == 0 ? 1 : 0);
  }
}
