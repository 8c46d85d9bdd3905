import{o,H as a}from"./index-CA8_IXiY.js";function s(s){o(()=>{a.value&&s()})}export{s as o};
